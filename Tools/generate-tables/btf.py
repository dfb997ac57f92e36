"""Reads BPF Type Format: as much as the table generator needs (enums, structs, sizes, names)."""

import struct

KINDS = (
    "void int ptr array struct union enum fwd typedef volatile const restrict func func_proto var datasec float "
    "decl_tag type_tag enum64"
).split()


class BTF:
    """The types of a BTF blob, by number (0 is void)."""

    def __init__(self, data):
        magic, _, _, header, type_off, type_len, str_off, str_len = struct.unpack_from("<HBBIIIII", data, 0)
        if magic != 0xEB9F:
            raise ValueError("not BTF in little-endian order")
        self.strings = data[header + str_off : header + str_off + str_len]
        self.types = [("void", "", 0, [], 0)]
        self.by_name = {}
        at, end = header + type_off, header + type_off + type_len
        while at < end:
            name, info, size = struct.unpack_from("<III", data, at)
            at += 12
            kind, count, flag = KINDS[info >> 24 & 31], info & 0xFFFF, info >> 31
            rows = []
            if kind in ("int", "var", "decl_tag"):
                rows = struct.unpack_from("<I", data, at)
                at += 4
            elif kind == "array":
                rows = struct.unpack_from("<III", data, at)
                at += 12
            elif kind in ("struct", "union"):
                rows = [struct.unpack_from("<III", data, at + 12 * i) for i in range(count)]
                at += 12 * count
            elif kind == "enum":
                rows = [struct.unpack_from("<Ii" if flag else "<II", data, at + 8 * i) for i in range(count)]
                at += 8 * count
            elif kind == "enum64":
                rows = [struct.unpack_from("<III", data, at + 12 * i) for i in range(count)]
                at += 12 * count
            elif kind == "func_proto":
                rows = [struct.unpack_from("<II", data, at + 8 * i) for i in range(count)]
                at += 8 * count
            elif kind == "datasec":
                at += 12 * count
            text = self.string(name)
            self.by_name.setdefault((kind, text), len(self.types))
            self.types.append((kind, text, size, rows, flag))

    def string(self, offset):
        return self.strings[offset : self.strings.index(b"\0", offset)].decode()

    def enum(self, name):
        """The enumerators of an enum, name to number, in order."""
        number = self.by_name.get(("enum", name))
        if number is None:
            raise KeyError(f"no enum {name} in the BTF")
        return {self.string(row[0]): row[1] for row in self.types[number][3]}

    def enum_with(self, enumerator):
        """The enumerators of the (often nameless) enum that has this one."""
        for kind, _, _, rows, _ in self.types:
            if kind == "enum" and any(self.string(row[0]) == enumerator for row in rows):
                return {self.string(row[0]): row[1] for row in rows}
        raise KeyError(f"no enum with {enumerator} in the BTF")

    def resolve(self, number):
        """Strips typedefs and qualifiers."""
        while self.types[number][0] in ("typedef", "const", "volatile", "restrict", "type_tag"):
            number = self.types[number][2]
        return number

    def size(self, number):
        number = self.resolve(number)
        kind, _, size, rows, _ = self.types[number]
        if kind == "ptr":
            return 8
        if kind == "array":
            return rows[2] * self.size(rows[0])
        return size

    def struct(self, name):
        """(size, [(field, byte offset, byte size, type number)]) of a struct; members of nameless unions are lifted into it."""
        number = self.by_name[("struct", name)]
        fields = []
        self._members(number, 0, "", fields)
        return self.types[number][2], fields

    def _members(self, number, base, prefix, fields):
        _, _, _, rows, flag = self.types[number]
        for name, member, bits in rows:
            offset, width = (bits & 0xFFFFFF, bits >> 24) if flag else (bits, 0)
            text = self.string(name)
            target = self.resolve(member)
            if not text and self.types[target][0] in ("struct", "union"):
                self._members(target, base + offset // 8, prefix, fields)
            elif text or width == 0:
                fields.append((prefix + text, base + offset // 8, self.size(member), member))

    def describe(self, number):
        """A short C spelling of a type."""
        kind, name, size, rows, _ = self.types[number]
        if kind == "ptr":
            return self.describe(size) + " *"
        if kind in ("const", "volatile", "restrict", "type_tag"):
            return self.describe(size)
        if kind == "array":
            return f"{self.describe(rows[0])}[{rows[2]}]"
        if kind in ("struct", "union", "enum"):
            return f"{kind} {name}"
        return name or kind
