// Ethernet, VLAN, IPv4 or IPv6, TCP or UDP, and a small policy: what packet programs do.
#include "benchmark.h"
INLINE u64 body(u8 *data, u8 *end) {
  u32 offset = 14, source, destination;
  u16 type = *(u16 *)(data + 12);
  u8 protocol;
  if (type == 0x0081) {
    type = *(u16 *)(data + 16);
    offset = 18;
  }
  if (type == 0x0008) {
    if (data + offset + 20 > end) return 1;
    u8 first = data[offset];
    u32 length = (first & 15) * 4;
    if (first >> 4 != 4 || length < 20) return 1;
    source = *(u32 *)(data + offset + 12);
    destination = *(u32 *)(data + offset + 16);
    protocol = data[offset + 9];
    if (*(u16 *)(data + offset + 6) & 0xff3f) return 2;
    offset += length & 60;
  } else if (type == 0xdd86) {
    if (data + offset + 40 > end) return 1;
    source = *(u32 *)(data + offset + 8);
    destination = *(u32 *)(data + offset + 24);
    protocol = data[offset + 6];
    offset += 40;
  } else {
    return 2;
  }
  if (data + offset + 20 > end) return 1;
  u16 from = __builtin_bswap16(*(u16 *)(data + offset)), to = __builtin_bswap16(*(u16 *)(data + offset + 2));
  u32 hash = source * 2654435761u ^ destination * 40503u ^ ((u32)from << 16 | to);
  if (protocol == 6) {
    u8 flags = data[offset + 13];
    if ((flags & 3) == 3 || (to == 22 && (source & 0xff) != 10)) return 1;
    if (to == 80 || to == 443) return 3 + (hash & 1);
    return 2;
  }
  if (protocol == 17) {
    if (to == 53) return 4;
    return to >= 33434 && to <= 33534 ? 1 : 2;
  }
  return 2;
}
PROGRAM(128)
