/* SPDX-License-Identifier: MIT */
/* mailbox.pml - src/loop/mailbox.c: no letter stays unread, each sender's arrive in order, only who
 * finds the stack empty rings, and nobody touches a loop that is gone. */

#define SENDERS 2
#define LETTERS 2 /* of each */
#define ALL     (SENDERS * LETTERS)

byte top = 0; /* the letter on top of the stack; 0: it is empty. Sender s has s * LETTERS + 1 ... */
byte next[ALL + 1];
bool bell = false; /* the poller has something to tell */
byte senders = 0;  /* between push and bell */
byte got = 0;
byte expected[SENDERS]; /* the number of a sender's letter that must come next */
bool gone = false;

proctype Sender(byte me)
{
    byte n = 0, m, old;
    do
    :: n < LETTERS ->
        m = me * LETTERS + n + 1;
#if BUG != 3 /* the loop does not wait for those who ring */
        assert(!gone);
        senders++;
#endif
#if BUG == 1 /* the bell before the letter */
        bell = true;
#endif
        old = top;
push:
        next[m] = old;
        atomic {
            assert(!gone);
            if
            :: top == old -> top = m
            :: else -> old = top; goto push
            fi
        }
#if BUG != 1
        if
        :: old == 0 -> assert(!gone) -> bell = true
        :: else
        fi;
#endif
#if BUG != 3
        senders--;
#endif
        n++
    :: else -> break
    od
}

/* A signal handler rings too, and brings no letter. */
proctype Signal()
{
    bell = true
}

proctype Loop()
{
    byte m, in_order, after, from;
    do
    :: got == ALL -> break
    :: else ->
        bell; /* wait */
        bell = false;
        atomic { m = top; top = 0 }
#if BUG == 2 /* the stack is not turned round */
        in_order = m;
#else
        in_order = 0;
        do
        :: m != 0 -> after = next[m]; next[m] = in_order; in_order = m; m = after
        :: else -> break
        od;
#endif
        do
        :: in_order != 0 ->
            m = in_order;
            in_order = next[m];
            from = (m - 1) / LETTERS;
            assert((m - 1) % LETTERS == expected[from]);
            expected[from]++;
            got++
        :: else -> break
        od
    od;
    (senders == 0); /* gy__mailbox_close */
    gone = true
}

init
{
    byte i = 0;
    atomic {
        do
        :: i < SENDERS -> run Sender(i); i++
        :: else -> break
        od;
        run Signal();
        run Loop()
    }
}
