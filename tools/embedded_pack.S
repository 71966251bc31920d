/* The pack, page-aligned in read-only data, so that look-ups fault in only what they touch. */

    .section .rodata.fathom_pack, "a", %progbits
    .balign 4096
    .global fathom_pack_begin
    .hidden fathom_pack_begin
    .type fathom_pack_begin, %object
fathom_pack_begin:
    .incbin FATHOM_PACK_FILE
    .global fathom_pack_end
    .hidden fathom_pack_end
    .type fathom_pack_end, %object
fathom_pack_end:
    .byte 0
    .section .note.GNU-stack, "", %progbits
