/* SPDX-License-Identifier: MIT */
/* pool.pml - src/loop/pool.c and pool_threads.c: whenever a pool is freed, whatever is cancelled and
 * whoever idles out, no job is lost, none runs twice, no thread stays, and nobody touches a waiter or
 * a pool that is gone. */

#ifndef LIMIT
#define LIMIT 2
#endif

mtype = { NEW, QUEUED, RUNNING, FINISHED, LEFT };

bool locked = false;
bool closed = false, freed = false;
byte users = 1; /* gy_pool_new's */
byte workers = 0, busy = 0, queued = 0;
byte waiting = 0, signals = 0; /* of the condition "work" */
mtype state[JOBS];
bool letter[JOBS]; /* on its way to the task */
bool there[JOBS];  /* the task's memory, or the copy's, is there */
bool own[JOBS];    /* it has a copy */
byte ran[JOBS];
bool refused[JOBS];
byte returned = 0;

inline lock() { atomic { !locked -> locked = true; assert(!freed) } }
inline unlock() { assert(locked); locked = false }

inline leave_pool()
{
    atomic {
        users--;
        if
        :: users == 0 -> assert(workers == 0); freed = true
        :: else
        fi
    }
}

inline pick()
{
    if
    :: state[0] == QUEUED -> j = 0
    :: state[1] == QUEUED -> j = 1
#if JOBS == 3
    :: state[2] == QUEUED -> j = 2
#endif
    fi
}

proctype Thread()
{
    byte j;
    bool enough = false, left;
    lock();
    do
    :: closed -> break
    :: !closed && queued > 0 ->
        enough = false;
        atomic { pick(); state[j] = RUNNING; queued--; busy++ }
        unlock();
        assert(there[j]);
        ran[j]++;
        assert(ran[j] == 1);
        lock();
        left = (state[j] == LEFT);
        assert(there[j]);
#if BUG != 2 /* a job that was left is told to nobody */
        if
        :: left -> there[j] = false /* the copy is freed */
        :: else -> state[j] = FINISHED
        fi;
#else
        left = false;
#endif
        busy--;
        unlock();
        if
        :: !left -> atomic { assert(there[j]); letter[j] = true }
        :: else
        fi;
        lock()
    :: !closed && queued == 0 && enough -> break
    :: !closed && queued == 0 && !enough ->
        atomic { waiting++; locked = false }
        if
        :: atomic { signals > 0 -> signals-- }
        :: enough = true /* has idled for long */
        fi;
        atomic {
            !locked -> locked = true;
            assert(!freed);
            waiting--;
            if
            :: signals > waiting -> signals = waiting
            :: else
            fi
        }
#if BUG == 3 /* does not look once more */
        if
        :: enough -> break
        :: else
        fi
#endif
    od;
    workers--;
    unlock()
}

proctype Task(byte me)
{
    bool wake = false;
    atomic { there[me] = true }
    lock();
    if
    :: closed -> unlock(); refused[me] = true; goto out
    :: else
    fi;
    if
    :: queued + busy >= workers && workers < LIMIT -> atomic { run Thread(); workers++ }
    :: else
    fi;
    state[me] = QUEUED;
    queued++;
    wake = waiting > 0;
    unlock();
    assert(!freed);
    if
    :: wake -> atomic {
            if
            :: signals < waiting -> signals++
            :: else
            fi
        }
    :: else
    fi;
    if
    :: true -> letter[me]; goto out
    :: true -> /* cancelled, or out of time */
        lock();
        if
        :: state[me] == QUEUED ->
            state[me] = NEW;
            queued--;
            refused[me] = true;
            unlock();
            goto out
        :: state[me] == RUNNING && own[me] ->
            state[me] = LEFT;
            unlock();
            goto gone /* the copy is the thread's */
        :: else -> unlock()
        fi;
        letter[me]
    fi;
out:
    there[me] = false;
gone:
#if BUG != 1 /* tasks do not keep the pool */
    leave_pool();
#endif
    returned++
}

/* gy_pool_free, at any time, or not before all is done. */
proctype Closer()
{
    byte i = 0;
    if
    :: true
    :: true -> (returned == JOBS)
    fi;
    lock();
    closed = true;
    do
    :: i < JOBS ->
        if
        :: state[i] == QUEUED ->
            state[i] = FINISHED;
            queued--;
            refused[i] = true;
            assert(there[i]);
            letter[i] = true
        :: else
        fi;
        i++
    :: else -> break
    od;
    signals = waiting;
    unlock();
    atomic { !locked && workers == 0 -> assert(!freed) } /* the condition "gone" */
    leave_pool()
}

init
{
    byte i = 0;
    atomic {
        own[1] = true;
        do
        :: i < JOBS ->
            state[i] = NEW;
#if BUG != 1
            users++;
#endif
            run Task(i);
            i++
        :: else -> break
        od;
        run Closer()
    }
    (returned == JOBS && freed);
    assert(workers == 0 && queued == 0 && busy == 0);
    i = 0;
    do
    :: i < JOBS ->
        assert(ran[i] + refused[i] == 1);
        assert(!there[i]); /* every copy was freed */
        i++
    :: else -> break
    od
}
