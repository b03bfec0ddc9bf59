// Every atom that Sluice's actors say to each other, grouped by who says it.
// Structs need no id: all conversations are inside one process.
#pragma once

#include <caf/atom.hpp>
#include <caf/type_id.hpp>

CAF_BEGIN_TYPE_ID_BLOCK(sluice, caf::first_custom_type_id)

// -- every actor -------------------------------------------------------------
CAF_ADD_ATOM(sluice, sluice::atom, status, "status")
CAF_ADD_ATOM(sluice, sluice::atom, collect, "collect")
CAF_ADD_ATOM(sluice, sluice::atom, stats, "stats")
CAF_ADD_ATOM(sluice, sluice::atom, stop, "stop")
CAF_ADD_ATOM(sluice, sluice::atom, tick, "tick")
CAF_ADD_ATOM(sluice, sluice::atom, check, "check")

// -- data on its way to the disk ---------------------------------------------
CAF_ADD_ATOM(sluice, sluice::atom, append, "append")
CAF_ADD_ATOM(sluice, sluice::atom, flush, "flush")
CAF_ADD_ATOM(sluice, sluice::atom, persist, "persist")
CAF_ADD_ATOM(sluice, sluice::atom, write, "write")
CAF_ADD_ATOM(sluice, sluice::atom, sync, "sync")
CAF_ADD_ATOM(sluice, sluice::atom, retry, "retry")
CAF_ADD_ATOM(sluice, sluice::atom, tail, "tail")

// -- sessions ----------------------------------------------------------------
CAF_ADD_ATOM(sluice, sluice::atom, put, "put")
CAF_ADD_ATOM(sluice, sluice::atom, patch, "patch")
CAF_ADD_ATOM(sluice, sluice::atom, erase, "erase")
CAF_ADD_ATOM(sluice, sluice::atom, replace, "replace")
CAF_ADD_ATOM(sluice, sluice::atom, get, "get")
CAF_ADD_ATOM(sluice, sluice::atom, get_all, "getAll")
CAF_ADD_ATOM(sluice, sluice::atom, load, "load")
CAF_ADD_ATOM(sluice, sluice::atom, load_all, "loadAll")
CAF_ADD_ATOM(sluice, sluice::atom, stores, "stores")
CAF_ADD_ATOM(sluice, sluice::atom, apply, "apply")
CAF_ADD_ATOM(sluice, sluice::atom, prune, "prune")
CAF_ADD_ATOM(sluice, sluice::atom, dump, "dump")
CAF_ADD_ATOM(sluice, sluice::atom, compact, "compact")
CAF_ADD_ATOM(sluice, sluice::atom, convert, "convert")

// -- the database ------------------------------------------------------------
CAF_ADD_ATOM(sluice, sluice::atom, query, "query")
CAF_ADD_ATOM(sluice, sluice::atom, execute, "execute")
CAF_ADD_ATOM(sluice, sluice::atom, commit, "commit")
CAF_ADD_ATOM(sluice, sluice::atom, checkpoint, "checkpoint")
CAF_ADD_ATOM(sluice, sluice::atom, maintain, "maintain")
CAF_ADD_ATOM(sluice, sluice::atom, wal, "wal")
CAF_ADD_ATOM(sluice, sluice::atom, recover, "recover")

// -- topics ------------------------------------------------------------------
CAF_ADD_ATOM(sluice, sluice::atom, connect, "connect")
CAF_ADD_ATOM(sluice, sluice::atom, clients, "clients")
CAF_ADD_ATOM(sluice, sluice::atom, publish, "publish")
CAF_ADD_ATOM(sluice, sluice::atom, subscribe, "subscribe")
CAF_ADD_ATOM(sluice, sluice::atom, leave, "leave")
CAF_ADD_ATOM(sluice, sluice::atom, deliver, "deliver")
CAF_ADD_ATOM(sluice, sluice::atom, shed, "shed")
CAF_ADD_ATOM(sluice, sluice::atom, control, "control")
CAF_ADD_ATOM(sluice, sluice::atom, writable, "writable")

// -- life and numbers --------------------------------------------------------
CAF_ADD_ATOM(sluice, sluice::atom, start, "start")
CAF_ADD_ATOM(sluice, sluice::atom, open, "open")
CAF_ADD_ATOM(sluice, sluice::atom, close, "close")
CAF_ADD_ATOM(sluice, sluice::atom, find, "find")
CAF_ADD_ATOM(sluice, sluice::atom, idle, "idle")
CAF_ADD_ATOM(sluice, sluice::atom, forget, "forget")
CAF_ADD_ATOM(sluice, sluice::atom, retire, "retire")
CAF_ADD_ATOM(sluice, sluice::atom, logs, "logs")
CAF_ADD_ATOM(sluice, sluice::atom, survey, "survey")
CAF_ADD_ATOM(sluice, sluice::atom, attach, "attach")
CAF_ADD_ATOM(sluice, sluice::atom, report, "report")
CAF_ADD_ATOM(sluice, sluice::atom, totals, "totals")
CAF_ADD_ATOM(sluice, sluice::atom, ledger, "ledger")
CAF_ADD_ATOM(sluice, sluice::atom, snapshot, "snapshot")
CAF_ADD_ATOM(sluice, sluice::atom, history, "history")
CAF_ADD_ATOM(sluice, sluice::atom, enter, "enter")
CAF_ADD_ATOM(sluice, sluice::atom, actors, "actors")
CAF_ADD_ATOM(sluice, sluice::atom, confirm, "confirm")

CAF_END_TYPE_ID_BLOCK(sluice)
