#include "config.h"

#include "deliver/deliver.h"

static bool parse_tee(void *context, const char *value, struct reason *reason)
{
    static const char *const names[] = {"all", "new", NULL};
    struct deliver_options *options = context;
    int choice = value != NULL ? options_choice(value, names, reason) : 0;
    if (choice < 0)
        return false;
    options->tee = choice == 0 ? LEDGER_TEE_ALL : LEDGER_TEE_NEW;
    return true;
}

static bool parse_skip(void *context, const char *value, struct reason *reason)
{
    struct deliver_options *options = context;
    if (options->skips == DELIVER_SKIPS)
        return reason_set(reason, "more than %d files; join them with cat", DELIVER_SKIPS);
    options->skip[options->skips++] = value;
    return true;
}

static const char *const tee_names[] = {"all", "new", NULL};

const struct option_line deliver_options[] = {
    {.name = "tee",
     .argument = "[=WHICH]",
     .help = "write each delivered line to standard output,\nin input order; new: only lines "
             "with new content",
     .values = tee_names,
     OPTION_CALL(parse_tee)},
    {.name = "receipts",
     .argument = "FILE",
     .help = "append the outcome of each line to FILE\n(else $AUDIT_RECEIPTS)",
     OPTION_TEXT(struct deliver_options, receipts_file)},
    {.name = "skip",
     .argument = "RECEIPTS",
     .help = "skip the paths that these receipts call delivered;\nmay be repeated",
     OPTION_CALL(parse_skip)},
    {.name = "summary",
     .help = "write a summary at the end (default on a terminal)",
     OPTION_FLAG(struct deliver_options, summary)},
    {.name = "no-summary", .help = "write none", OPTION_FLAG(struct deliver_options, no_summary)},
    {.name = "progress",
     .help = "draw a progress line (default on a terminal)",
     OPTION_FLAG(struct deliver_options, progress)},
    {.name = "no-progress", .help = "draw none", OPTION_FLAG(struct deliver_options, no_progress)},
    {.name = NULL},
};
