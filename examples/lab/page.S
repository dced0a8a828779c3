/* SPDX-License-Identifier: MIT */
/* page.S - the page as the program holds it: page.html with its style and its script inside. */

    .section .rodata
    .globl lab_page, lab_page_end
lab_page:
    .ascii "<!doctype html>\n<html lang=\"en\">\n<head>\n<style>\n"
    .incbin "page.css"
    .ascii "</style>\n"
    .incbin "page.html"
    .ascii "<script>\n"
    .incbin "page.js"
    .ascii "</script>\n</body>\n</html>\n"
lab_page_end:

    .section .note.GNU-stack, "", %progbits
