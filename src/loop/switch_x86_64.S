/* SPDX-License-Identifier: MIT */
/* switch_x86_64.S - the context switch for x86-64 (System V ABI). */

/* The frame of a context that does not run, from its stack pointer up:
 *      0 r15   8 r14   16 r13   24 r12   32 rbx   40 rbp   48 where to go on
 * It goes on by pop and jmp, not by ret: the return predictor would foresee the other stack. */

        .text
        .globl  gy__context_switch
        .hidden gy__context_switch
        .type   gy__context_switch, @function
        .p2align 5
gy__context_switch:
        .cfi_startproc
        pushq   %rbp
        .cfi_adjust_cfa_offset 8
        .cfi_rel_offset %rbp, 0
        pushq   %rbx
        .cfi_adjust_cfa_offset 8
        .cfi_rel_offset %rbx, 0
        pushq   %r12
        .cfi_adjust_cfa_offset 8
        .cfi_rel_offset %r12, 0
        pushq   %r13
        .cfi_adjust_cfa_offset 8
        .cfi_rel_offset %r13, 0
        pushq   %r14
        .cfi_adjust_cfa_offset 8
        .cfi_rel_offset %r14, 0
        pushq   %r15
        .cfi_adjust_cfa_offset 8
        .cfi_rel_offset %r15, 0
        movq    %rsp, (%rdi)
        movq    %rsi, %rsp
        /* The frame has the same shape on both stacks, so the rules above hold on. */
        popq    %r15
        .cfi_adjust_cfa_offset -8
        .cfi_restore %r15
        popq    %r14
        .cfi_adjust_cfa_offset -8
        .cfi_restore %r14
        popq    %r13
        .cfi_adjust_cfa_offset -8
        .cfi_restore %r13
        popq    %r12
        .cfi_adjust_cfa_offset -8
        .cfi_restore %r12
        popq    %rbx
        .cfi_adjust_cfa_offset -8
        .cfi_restore %rbx
        popq    %rbp
        .cfi_adjust_cfa_offset -8
        .cfi_restore %rbp
        popq    %rcx
        .cfi_adjust_cfa_offset -8
        .cfi_register %rip, %rcx
        jmp     *%rcx
        .cfi_endproc
        .size   gy__context_switch, . - gy__context_switch

/* The first thing on a new stack: r12 holds the entry, r13 its argument. */
        .globl  gy__context_first
        .hidden gy__context_first
        .type   gy__context_first, @function
        .p2align 4
gy__context_first:
        .cfi_startproc
        .cfi_undefined %rip             /* backtraces end here */
        movq    %r13, %rdi
        xorl    %ebp, %ebp
        callq   *%r12
        ud2
        .cfi_endproc
        .size   gy__context_first, . - gy__context_first

        .globl  gy__context_make
        .hidden gy__context_make
        .type   gy__context_make, @function
        .p2align 4
gy__context_make:                       /* (low, size, entry, arg) */
        .cfi_startproc
        leaq    -64(%rdi,%rsi), %rax
        andq    $-16, %rax
        subq    $8, %rax                /* seven pops later, the call finds the stack aligned */
        leaq    gy__context_first(%rip), %r8
        xorl    %r9d, %r9d
        movq    %r9, 0(%rax)
        movq    %r9, 8(%rax)
        movq    %rcx, 16(%rax)
        movq    %rdx, 24(%rax)
        movq    %r9, 32(%rax)
        movq    %r9, 40(%rax)
        movq    %r8, 48(%rax)
        movq    %r9, 56(%rax)
        ret
        .cfi_endproc
        .size   gy__context_make, . - gy__context_make

/* Call fn(arg) as if the context at [sp] had: the rules below take an unwinder that comes from fn to
 * where that context stopped. Its stack is read, not touched. */
        .globl  gy__context_inspect
        .hidden gy__context_inspect
        .type   gy__context_inspect, @function
        .p2align 4
gy__context_inspect:                    /* (sp, fn, arg) */
        .cfi_startproc
        pushq   %rbx
        .cfi_adjust_cfa_offset 8
        .cfi_rel_offset %rbx, 0
        movq    %rdi, %rbx
        .cfi_remember_state
        .cfi_def_cfa %rbx, 56
        .cfi_offset %r15, -56
        .cfi_offset %r14, -48
        .cfi_offset %r13, -40
        .cfi_offset %r12, -32
        .cfi_offset %rbx, -24
        .cfi_offset %rbp, -16
        .cfi_offset %rip, -8
        movq    %rdx, %rdi
        callq   *%rsi
        movl    $1, %eax
        .cfi_restore_state
        popq    %rbx
        .cfi_adjust_cfa_offset -8
        .cfi_restore %rbx
        ret
        .cfi_endproc
        .size   gy__context_inspect, . - gy__context_inspect

        .section .note.GNU-stack, "", @progbits
