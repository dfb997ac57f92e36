internal import EBPFObject
package import EBPFTables

/// Which of the kernel's tests make the verifier's floor: the program types that its first form takes, and the topics that it proves. A topic is a file.
package enum KernelTestFloor {
  package static let types: Set<ProgramType> = [
    .socketFilter, .xdp, .schedCls, .schedAct, .cgroupSkb, .rawTracepoint, .syscall,
  ]

  /// Files by topic. The topic is the file's name; a file whose tests need another thing besides stands under ``beyond``.
  package static let topics: [(name: String, files: [String])] = [
    (
      "scalars, ALU, jumps",
      [
        "basic", "basic_instr", "dead_code", "jit", "jmp32", "jset", "jump", "junk_insn", "ld_dw", "ld_imm64", "precise", "scale",
        "atomic_bounds", "verifier_and", "verifier_bounds", "verifier_bounds_deduction", "verifier_bounds_deduction_non_const",
        "verifier_bounds_mix_sign_unsign", "verifier_bswap", "verifier_cfg", "verifier_const_or", "verifier_div0", "verifier_div_overflow",
        "verifier_gotol", "verifier_jeq_infer_not_null", "verifier_ldsx", "verifier_linked_scalars", "verifier_movsx",
        "verifier_or_jmp32_k", "verifier_precision", "verifier_reg_equal", "verifier_regalloc", "verifier_scalar_ids", "verifier_sdiv",
        "verifier_search_pruning", "verifier_subreg", "verifier_jit_convergence", "verifier_uninit", "verifier_masking",
      ]
    ),
    (
      "packets",
      [
        "ld_abs", "verifier_ld_ind", "verifier_direct_packet_access", "verifier_xdp_direct_packet_access", "verifier_meta_access",
        "verifier_xdp",
      ]
    ),
    (
      "map values",
      [
        "direct_value_access", "verifier_array_access", "verifier_const", "verifier_map_in_map", "verifier_map_ptr",
        "verifier_map_ptr_mixing", "verifier_map_ret_val", "verifier_prevent_map_lookup", "verifier_value", "verifier_value_adj_spill",
        "verifier_value_illegal_alu", "verifier_value_or_null", "verifier_value_ptr_arith",
      ]
    ),
    (
      "stack and spills",
      [
        "basic_stx_ldx", "verifier_basic_stack", "verifier_bpf_fastcall", "verifier_direct_stack_access_wraparound", "verifier_raw_stack",
        "verifier_spill_fill", "verifier_stack_ptr", "verifier_var_off",
      ]
    ),
    (
      "atomics on stack and values",
      [
        "atomic_and", "atomic_cmpxchg", "atomic_fetch", "atomic_fetch_add", "atomic_invalid", "atomic_or", "atomic_xchg", "atomic_xor",
        "verifier_xadd",
      ]
    ),
    (
      "context",
      [
        "bpf_st_mem", "ctx_skb", "verifier_cgroup_skb", "verifier_cgroup_inv_retcode", "verifier_ctx", "verifier_leak_ptr",
        "verifier_unpriv",
      ]
    ),
    (
      "helper arguments",
      [
        "basic_call", "event_output", "verifier_helper_access_var_len", "verifier_helper_packet_access", "verifier_helper_restricted",
        "verifier_helper_value_access", "verifier_int_ptr", "verifier_mtu",
      ]
    ),
    ("references", ["verifier_ringbuf"]),
    ("bounded loops", ["verifier_loops1"]),
    ("bpf-to-bpf calls", ["calls", "verifier_global_subprogs", "verifier_subprog_precision"]),
    ("tail calls", ["verifier_runtime_jit", "verifier_tailcall_jit"]),
  ]

  /// What the files that stay out are about.
  package static let beyond: [(name: String, files: [String])] = [
    (
      "sockets as references", ["verifier_ref_tracking", "verifier_sock", "ctx_sk_lookup", "verifier_sock_addr", "verifier_sockmap_mutate"]
    ),
    ("callbacks", ["bpf_loop_inline", "verifier_iterating_callbacks"]),
    (
      "kernel functions and pointers",
      ["map_kptr", "verifier_kfunc_prog_types", "verifier_bits_iter", "verifier_vfs_accept", "verifier_vfs_reject"]
    ),
    ("arena", ["verifier_arena", "verifier_arena_large"]),
    ("locks", ["verifier_spin_lock"]),
    ("cgroup storage", ["verifier_cgroup_storage"]),
    ("arguments of global functions by BTF tag", ["verifier_global_ptr_args"]),
    (
      "other program types",
      [
        "perf_event_sample_period", "sleepable", "wide_access", "verifier_bitfield_write", "verifier_bpf_get_stack",
        "verifier_btf_ctx_access", "verifier_btf_unreliable_prog", "verifier_ctx_sk_msg", "verifier_d_path", "verifier_lsm", "verifier_lwt",
        "verifier_netfilter_ctx", "verifier_netfilter_retcode", "verifier_raw_tp_writable", "verifier_typedef", "verifier_unpriv_perf",
      ]
    ),
  ]

  /// The topic of a file, `nil` for a file in no list.
  package static func topic(ofFile file: String) -> (name: String, isInFloor: Bool)? {
    if let topic = topics.first(where: { $0.files.contains(file) }) { return (topic.name, true) }
    return beyond.first { $0.files.contains(file) }.map { ($0.name, false) }
  }

  /// Whether the floor asks for this test: its topic, its program type, and no call of a kernel function.
  package static func includes(_ test: KernelTest) -> Bool {
    guard let type = test.program.type, types.contains(type), test.kernelFunctions.isEmpty else { return false }
    return topic(ofFile: test.file)?.isInFloor == true
  }
}
