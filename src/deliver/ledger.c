#include "config.h"

#include "deliver/ledger.h"

void ledger_begin(struct ledger *ledger, struct filter *filter, struct queue *queue,
                  struct out *receipts, bool tee)
{
    *ledger = (struct ledger){.filter = filter, .queue = queue, .receipts = receipts, .tee = tee};
}

void ledger_read(struct ledger *ledger, struct entry *entry)
{
    if (!ledger->tee)
        return;
    entry->after = NULL;
    if (ledger->first == NULL)
        ledger->first = entry;
    else
        ledger->last->after = entry;
    ledger->last = entry;
}

/* Writes the lines at the front of the order whose outcome is known. */
static void write_in_order(struct ledger *ledger)
{
    for (struct entry *entry; (entry = ledger->first) != NULL && entry->settled;) {
        ledger->first = entry->after;
        if (entry->delivered)
            filter_write(ledger->filter, entry->record.text);
        queue_release(ledger->queue, entry);
    }
}

/* The entry's outcome is known and its bytes are in the rejects if they belong there. */
static void finish(struct ledger *ledger, struct entry *entry)
{
    entry->settled = true;
    if (ledger->tee)
        write_in_order(ledger);
    else
        queue_release(ledger->queue, entry);
}

static void write_receipt(struct ledger *ledger, const struct entry *entry,
                          const struct ledger_line *line)
{
    const struct receipt receipt = {
        .line = entry->record.line,
        .path = entry->path,
        .outcome = line->outcome,
        .status = (int)line->status,
        .attempts = line->attempts,
        .bytes = entry->event.len,
        .microseconds = line->now - entry->read_at,
        .etag = line->etag,
    };
    receipts_write(ledger->receipts, &receipt);
    filter_check_write(ledger->filter, ledger->receipts);
}

void ledger_settle(struct ledger *ledger, struct entry *entry, const struct ledger_line *line)
{
    ledger->unflushed = true;
    if (ledger->receipts != NULL)
        write_receipt(ledger, entry, line);
    entry->delivered = line->outcome == OUTCOME_DELIVERED || line->outcome == OUTCOME_EXISTS;
    if (entry->delivered) {
        ledger->delivered++;
        finish(ledger, entry);
        return;
    }
    if (line->outcome == OUTCOME_REJECTED) {
        ledger->rejected++;
        if (line->why != NULL)
            filter_name(ledger->filter, &entry->record, line->why);
    } else {
        ledger->undelivered++;
    }
    /* The parts of an over-long line must stay together in the rejects. */
    if (ledger->queue->overlong && !entry->record.too_long) {
        entries_add(&ledger->held, entry);
        return;
    }
    filter_keep_line(ledger->filter, &entry->record);
    finish(ledger, entry);
}

void ledger_unhold(struct ledger *ledger)
{
    for (struct entry *entry; (entry = entries_take(&ledger->held)) != NULL;) {
        filter_keep_line(ledger->filter, &entry->record);
        finish(ledger, entry);
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
