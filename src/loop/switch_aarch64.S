/* SPDX-License-Identifier: MIT */
/* switch_aarch64.S - the context switch for 64-bit Arm (AAPCS64). */

/* The frame of a context that does not run, 160 bytes from its stack pointer up:
 *      0 x19 x20   16 x21 x22   32 x23 x24   48 x25 x26   64 x27 x28   80 x29 x30
 *     96 d8 d9    112 d10 d11  128 d12 d13  144 d14 d15 */

        .text
        .globl  gy__context_switch
        .hidden gy__context_switch
        .type   gy__context_switch, %function
        .p2align 4
gy__context_switch:
        .cfi_startproc
        sub     sp, sp, #160
        .cfi_def_cfa_offset 160
        stp     x19, x20, [sp, #0]
        stp     x21, x22, [sp, #16]
        stp     x23, x24, [sp, #32]
        stp     x25, x26, [sp, #48]
        stp     x27, x28, [sp, #64]
        stp     x29, x30, [sp, #80]
        stp     d8, d9, [sp, #96]
        stp     d10, d11, [sp, #112]
        stp     d12, d13, [sp, #128]
        stp     d14, d15, [sp, #144]
        .cfi_rel_offset x19, 0
        .cfi_rel_offset x20, 8
        .cfi_rel_offset x21, 16
        .cfi_rel_offset x22, 24
        .cfi_rel_offset x23, 32
        .cfi_rel_offset x24, 40
        .cfi_rel_offset x25, 48
        .cfi_rel_offset x26, 56
        .cfi_rel_offset x27, 64
        .cfi_rel_offset x28, 72
        .cfi_rel_offset x29, 80
        .cfi_rel_offset x30, 88
        mov     x9, sp
        str     x9, [x0]
        mov     sp, x1
        ldp     x19, x20, [sp, #0]
        ldp     x21, x22, [sp, #16]
        ldp     x23, x24, [sp, #32]
        ldp     x25, x26, [sp, #48]
        ldp     x27, x28, [sp, #64]
        ldp     x29, x30, [sp, #80]
        ldp     d8, d9, [sp, #96]
        ldp     d10, d11, [sp, #112]
        ldp     d12, d13, [sp, #128]
        ldp     d14, d15, [sp, #144]
        add     sp, sp, #160
        .cfi_def_cfa_offset 0
        /* br, not ret: the return predictor would foresee the other stack. x17 may land on bti c. */
        mov     x17, x30
        br      x17
        .cfi_endproc
        .size   gy__context_switch, . - gy__context_switch

/* The first thing on a new stack: x19 holds the entry, x20 its argument. */
        .globl  gy__context_first
        .hidden gy__context_first
        .type   gy__context_first, %function
        .p2align 4
gy__context_first:
        .cfi_startproc
        .cfi_undefined x30              /* backtraces end here */
        hint    #34                     /* bti c */
        mov     x0, x20
        mov     x29, #0
        mov     x30, #0
        blr     x19
        brk     #0
        .cfi_endproc
        .size   gy__context_first, . - gy__context_first

        .globl  gy__context_make
        .hidden gy__context_make
        .type   gy__context_make, %function
        .p2align 4
gy__context_make:                       /* (low, size, entry, arg) */
        .cfi_startproc
        add     x9, x0, x1
        and     x9, x9, #-16
        sub     x9, x9, #176
        stp     x2, x3, [x9, #0]
        stp     xzr, xzr, [x9, #16]
        stp     xzr, xzr, [x9, #32]
        stp     xzr, xzr, [x9, #48]
        stp     xzr, xzr, [x9, #64]
        adrp    x10, gy__context_first
        add     x10, x10, :lo12:gy__context_first
        stp     xzr, x10, [x9, #80]
        stp     xzr, xzr, [x9, #96]
        stp     xzr, xzr, [x9, #112]
        stp     xzr, xzr, [x9, #128]
        stp     xzr, xzr, [x9, #144]
        mov     x0, x9
        ret
        .cfi_endproc
        .size   gy__context_make, . - gy__context_make

/* Call fn(arg) as if the context at [sp] had: the rules below take an unwinder that comes from fn to
 * where that context stopped. Its stack is read, not touched. */
        .globl  gy__context_inspect
        .hidden gy__context_inspect
        .type   gy__context_inspect, %function
        .p2align 4
gy__context_inspect:                    /* (sp, fn, arg) */
        .cfi_startproc
        hint    #34                     /* bti c */
        stp     x29, x30, [sp, #-32]!
        .cfi_def_cfa_offset 32
        .cfi_rel_offset x29, 0
        .cfi_rel_offset x30, 8
        str     x19, [sp, #16]
        .cfi_rel_offset x19, 16
        mov     x19, x0
        .cfi_remember_state
        .cfi_def_cfa x19, 160
        .cfi_offset x19, -160
        .cfi_offset x20, -152
        .cfi_offset x21, -144
        .cfi_offset x22, -136
        .cfi_offset x23, -128
        .cfi_offset x24, -120
        .cfi_offset x25, -112
        .cfi_offset x26, -104
        .cfi_offset x27, -96
        .cfi_offset x28, -88
        .cfi_offset x29, -80
        .cfi_offset x30, -72
        mov     x0, x2
        blr     x1
        mov     w0, #1
        .cfi_restore_state
        ldr     x19, [sp, #16]
        ldp     x29, x30, [sp], #32
        .cfi_restore x19
        .cfi_restore x29
        .cfi_restore x30
        .cfi_def_cfa_offset 0
        ret
        .cfi_endproc
        .size   gy__context_inspect, . - gy__context_inspect

        .section .note.GNU-stack, "", %progbits
