#include "config.h"

#include "deliver/ledger.h"

void ledger_begin(struct ledger *ledger, struct filter *filter, struct reader *reader,
                  struct out *receipts, bool tee)
{
    *ledger = (struct ledger){.filter = filter, .reader = reader, .receipts = receipts, .tee = tee};
}

void ledger_read(struct ledger *ledger, struct record *record)
{
    if (!ledger->tee)
        return;
    record->after = NULL;
    if (ledger->first == NULL)
        ledger->first = record;
    else
        ledger->last->after = record;
    ledger->last = record;
}

/* Writes the lines at the front of the order whose outcome is known. */
static void write_in_order(struct ledger *ledger)
{
    for (struct record *record; (record = ledger->first) != NULL && record->settled;) {
        ledger->first = record->after;
        if (record->handed_on)
            filter_write(ledger->filter, record->text);
        reader_release(ledger->reader, record);
    }
}

/* The record's outcome is known and its bytes are in the rejects if they belong there. */
static void finish(struct ledger *ledger, struct record *record)
{
    record->settled = true;
    if (ledger->tee)
        write_in_order(ledger);
    else
        reader_release(ledger->reader, record);
}

static void write_receipt(struct ledger *ledger, const struct record *record,
                          const struct ledger_line *line)
{
    const struct receipt receipt = {
        .line = record->line,
        .path = record->path,
        .outcome = line->outcome,
        .status = (int)line->status,
        .attempts = line->attempts,
        .bytes = record->body.len,
        .microseconds = line->now - record->read_at,
        .etag = line->etag,
    };
    receipts_write(ledger->receipts, &receipt);
    filter_check_write(ledger->filter, ledger->receipts);
}

void ledger_settle(struct ledger *ledger, struct record *record, const struct ledger_line *line)
{
    ledger->unflushed = true;
    if (ledger->receipts != NULL)
        write_receipt(ledger, record, line);
    record->handed_on = line->outcome == OUTCOME_DELIVERED || line->outcome == OUTCOME_EXISTS;
    if (record->handed_on) {
        ledger->delivered++;
        finish(ledger, record);
        return;
    }
    if (line->outcome == OUTCOME_REJECTED) {
        ledger->rejected++;
        if (line->why != NULL)
            filter_name(ledger->filter, record, line->why);
    } else {
        ledger->undelivered++;
    }
    /* The parts of an over-long line must stay together in the rejects. */
    if (ledger->reader->overlong && !record->too_long) {
        records_add(&ledger->held, record);
        return;
    }
    filter_keep_line(ledger->filter, record);
    finish(ledger, record);
}

void ledger_unhold(struct ledger *ledger)
{
    for (struct record *record; (record = records_take(&ledger->held)) != NULL;) {
        filter_keep_line(ledger->filter, record);
        finish(ledger, record);
    }
}

void ledger_flush(struct ledger *ledger)
{
    if (!ledger->unflushed)
        return;
    filter_flush(ledger->filter);
    if (ledger->receipts != NULL) {
        out_flush(ledger->receipts);
        filter_check_write(ledger->filter, ledger->receipts);
    }
    ledger->unflushed = false;
}
