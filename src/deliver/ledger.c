#include "config.h"

#include "base/clock.h"
#include "deliver/ledger.h"

#include <errno.h>
#include <stdio.h>

enum {
    RECEIPTS_HELD = 128 * 1024, /* bytes of receipts in memory between two flushes, at most, … */
    LINES_HELD = 1024,          /* … and the lines they are for, at most */
    LONG_PATH = 16 * 1024,      /* with a longer path a receipt could exceed their buffer */
};

bool ledger_begin(struct ledger *ledger, struct filter *filter, struct reader *reader,
                  const char *receipts_file, enum ledger_tee tee, bool ordered)
{
    *ledger = (struct ledger){
        .filter = filter, .reader = reader, .receipts.fd = -1, .tee = tee, .ordered = ordered};
    if (receipts_file == NULL || append_open(&ledger->receipts, receipts_file))
        return true;
    diag_fail("%s: %s", receipts_file, strerror(errno));
    return false;
}

void ledger_share_key(struct ledger *ledger, const char *key)
{
    ledger->has_mac = key != NULL && mac_begin(&ledger->mac, key);
}

/* Whether records wait for those before them. */
static bool in_order(const struct ledger *ledger)
{
    return ledger->ordered || ledger->tee != LEDGER_TEE_NONE;
}

void ledger_read(struct ledger *ledger, struct record *record)
{
    ledger->pending++;
    if (!in_order(ledger))
        return;
    record->after = NULL;
    if (ledger->first == NULL)
        ledger->first = record;
    else
        ledger->last->after = record;
    ledger->last = record;
}

static bool is_passed_on(const struct ledger *ledger, enum outcome_kind kind)
{
    if (ledger->tee == LEDGER_TEE_NEW)
        return kind == OUTCOME_DELIVERED || kind == OUTCOME_REPLACED || kind == OUTCOME_SPOOLED;
    return ledger->tee == LEDGER_TEE_ALL && outcome_is_success(kind);
}

static void write_receipt(struct ledger *ledger, const struct record *record,
                          const struct outcome *outcome)
{
    if (ledger->receipts.fd < 0)
        return;
    struct receipt receipt = {
        .line = record->line,
        .path = record->path,
        .text = record->too_long ? (struct span){NULL, 0} : record->text,
        .bytes = record->event.text.len,
        .read_at = record->read_at,
        .mac = ledger->has_mac ? &ledger->mac : NULL,
    };
    /* The reject or the line that the receipt is about is written first. */
    if (ledger->held++ == LINES_HELD || ledger->receipts.used > RECEIPTS_HELD ||
        receipt.path.len > LONG_PATH)
        ledger_flush(ledger);
    if (ledger->has_mac && receipts_run_takes(outcome)) {
        receipts_run_add(&ledger->receipts, &ledger->run, &receipt, outcome);
    } else {
        receipt.now = clock_now();
        receipts_run_write(&ledger->receipts, &ledger->run);
        receipts_write(&ledger->receipts, &receipt, outcome);
    }
    filter_check_append(ledger->filter, &ledger->receipts);
}

/* Writes the reject and the receipt.  The bytes of a record that is too long are in the rejects
 * already. */
static void write_outcome(struct ledger *ledger, const struct record *record,
                          const struct outcome *outcome)
{
    if (!outcome_is_success(outcome->kind) && !record->too_long)
        filter_keep_line(ledger->filter, record);
    write_receipt(ledger, record, outcome);
}

static void forget(struct ledger *ledger, struct record *record)
{
    reader_release(ledger->reader, record);
}

/* Writes the settled records at the front of the order. */
static void write_in_order(struct ledger *ledger)
{
    for (struct record *record; (record = ledger->first) != NULL && record->settled;) {
        const struct outcome outcome = {
            .kind = (enum outcome_kind)record->kind,
            .attempts = record->attempts,
            .sent_at = record->sent_at,
            .reason = record->why,
        };
        ledger->first = record->after;
        if (outcome.kind != OUTCOMES && is_passed_on(ledger, outcome.kind))
            filter_write(ledger->filter, record->text);
        if (outcome.kind != OUTCOMES && ledger->ordered)
            write_outcome(ledger, record, &outcome);
        forget(ledger, record);
    }
}

/* The record's outcome is known.  OUTCOMES: it counts as not read. */
static void finish(struct ledger *ledger, struct record *record, const struct outcome *outcome)
{
    ledger->unflushed = true;
    ledger->pending--;
    if (outcome->kind != OUTCOMES && !ledger->ordered)
        write_outcome(ledger, record, outcome);
    if (!in_order(ledger)) {
        forget(ledger, record);
        return;
    }
    record->settled = true;
    record->kind = (int)outcome->kind;
    record->attempts = outcome->attempts;
    record->sent_at = outcome->sent_at;
    /* Without memory for the reason, the receipt has none. */
    if (ledger->receipts.fd >= 0 && outcome->reason != NULL)
        record->why = strdup(outcome->reason);
    write_in_order(ledger);
}

static void count_reason(struct ledger *ledger, const char *text, size_t count)
{
    struct ledger_reason *reason = ledger->reason;
    size_t i = 0;
    while (i < ledger->reasons && strncmp(reason[i].text, text, sizeof reason[i].text - 1) != 0)
        i++;
    if (i == LEDGER_REASONS)
        return;
    if (i == ledger->reasons) {
        ledger->reasons++;
        snprintf(reason[i].text, sizeof reason[i].text, "%s", text);
    }
    reason[i].count += count;
}

/* Reports in one message that all these records were not delivered. */
static void name_undelivered(struct ledger *ledger, const struct record *first,
                             const struct record *last, size_t count, const struct outcome *outcome)
{
    diag_raise(STATUS_REJECTED);
    if (outcome->reason == NULL)
        return;
    count_reason(ledger, outcome->reason, count);
    struct filter *filter = ledger->filter;
    const char *why = outcome->reason;
    if (count == 1)
        filter_warn(filter, why, "%s:%zu: not delivered (attempts: %u): %s", first->source,
                    first->line, outcome->attempts, why);
    else
        filter_warn(filter, why, "%s:%zu to %s:%zu: %zu lines not delivered (attempts: %u): %s",
                    first->source, first->line, last->source, last->line, count, outcome->attempts,
                    why);
}

static void settle(struct ledger *ledger, struct record *record, const struct outcome *outcome)
{
    ledger->count[outcome->kind]++;
    if (outcome_is_success(outcome->kind))
        ledger->bytes += record->event.text.len;
    if (outcome->kind == OUTCOME_REJECTED)
        filter_name(ledger->filter, record, outcome->reason);
    finish(ledger, record, outcome);
}

void ledger_settle(struct ledger *ledger, struct record *record, const struct outcome *outcome)
{
    if (outcome->kind == OUTCOME_UNDELIVERED)
        name_undelivered(ledger, record, record, 1, outcome);
    settle(ledger, record, outcome);
}

void ledger_settle_all(struct ledger *ledger, struct records *records,
                       const struct outcome *outcome)
{
    if (records->count > 0 && outcome->kind == OUTCOME_UNDELIVERED)
        name_undelivered(ledger, records->first, records->last, records->count, outcome);
    for (struct record *record; (record = records_take(records)) != NULL;)
        settle(ledger, record, outcome);
}

void ledger_forget(struct ledger *ledger, struct record *record)
{
    const struct outcome none = {.kind = OUTCOMES};
    finish(ledger, record, &none);
}

size_t ledger_successes(const struct ledger *ledger)
{
    size_t successes = 0;
    for (enum outcome_kind kind = 0; kind < OUTCOMES; kind++)
        if (outcome_is_success(kind))
            successes += ledger->count[kind];
    return successes;
}

void ledger_flush(struct ledger *ledger)
{
    if (!ledger->unflushed)
        return;
    filter_flush(ledger->filter);
    filter_check_write(ledger->filter, &ledger->filter->out);
    if (ledger->filter->rejects_file != NULL)
        filter_check_append(ledger->filter, &ledger->filter->rejects);
    if (ledger->receipts.fd >= 0) {
        receipts_run_write(&ledger->receipts, &ledger->run);
        append_flush(&ledger->receipts);
        filter_check_append(ledger->filter, &ledger->receipts);
    }
    ledger->unflushed = false;
    ledger->held = 0;
}

void ledger_end(struct ledger *ledger)
{
    ledger_flush(ledger);
    filter_close_append(ledger->filter, &ledger->receipts);
}
