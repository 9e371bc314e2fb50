/* audit-select: who did what, when: the events that meet criteria. */
#include "config.h"

#include "filter/filter.h"
#include "filter/listing.h"
#include "filter/select.h"
#include "filter/tally.h"

#include <errno.h>
#include <getopt.h>
#include <locale.h>
#include <stdio.h>
#include <unistd.h>

/* The criteria's options have the numbers of the criteria. */
enum { OPTION_CRITERION = 256, OPTION_COUNT_BY = OPTION_CRITERION + CRITERIA, OPTION_LIST };

static const struct option_line own_options[] = {
    {OPTION_CRITERION + SELECT_SINCE, "since", "TIME", "events at TIME or later"},
    {OPTION_CRITERION + SELECT_UNTIL, "until", "TIME", "events before TIME"},
    {OPTION_CRITERION + SELECT_USER, "user", "ID|EMAIL|NAME", "events of that user"},
    {OPTION_CRITERION + SELECT_ASSET, "asset", "TYPE[:ID|NAME]",
     "events of an asset, or of a type of assets:\n"
     "recipe, connection, folder, package, ..."},
    {OPTION_CRITERION + SELECT_EVENT, "event", "GLOB", "activities of that name: recipe_*"},
    {OPTION_CRITERION + SELECT_CATEGORY, "category", "NAME",
     "activities of a category of the catalogue"},
    {OPTION_CRITERION + SELECT_CUSTOMER, "customer", "ID",
     "events of a customer's workspace, by its id or\n"
     "external id"},
    {OPTION_CRITERION + SELECT_STATUS, "status", "STATUS", "jobs of that status"},
    {OPTION_CRITERION + SELECT_KIND, "kind", "KIND", "job or activity"},
    {'v', "invert-match", NULL, "select the events that do not meet the criteria"},
    {'c', "count", NULL, "print only how many events are selected"},
    {OPTION_COUNT_BY, "count-by", "WHAT",
     "print only how many for each event, user, asset,\n"
     "customer, day or status"},
    {OPTION_LIST, "list-activities", "[=CATEGORY]", "print the catalogue of activities and exit"},
    {0, NULL, NULL, NULL},
};

static const struct program program = {
    .name = "audit-select",
    .operands = "[OPTION]... [FILE]...",
    .summary =
        "Print the audit events that meet all the criteria.  Several criteria of one kind are\n"
        "alternatives.  TIME is 2024-05-31, 2024-05-31T12:00:00Z, or 7d: that long ago.",
    .line = own_options,
    .more = filter_options,
};

struct job {
    struct selection selection;
    struct tally tally;
    struct json json;
    struct timestamp now;
    uint64_t inner; /* the fields that criteria and counts read */
    bool invert, count, list;
    int list_category; /* -1: all */
    uint64_t selected; /* with --count */
};

/* False after a usage error. */
static bool add_criterion(struct job *job, enum criterion criterion, const char *argument)
{
    struct reason reason;
    struct printable shown;
    if (select_add(&job->selection, criterion, argument, &job->now, &reason))
        return true;
    options_usage("--%s=%s: %s", own_options[criterion].name,
                  diag_printable(span_of(argument), &shown), reason.text);
    return false;
}

static bool set_count_by(struct job *job, const char *argument)
{
    struct printable shown;
    job->tally.by = tally_by(argument);
    if (job->tally.by != TALLY_NONE)
        return true;
    options_usage("--count-by=%s: count by event, user, asset, customer, day or status",
                  diag_printable(span_of(argument), &shown));
    return false;
}

static bool set_list(struct job *job, const char *category)
{
    struct reason reason;
    struct printable shown;
    unsigned number;
    job->list = true;
    job->list_category = -1;
    if (category == NULL)
        return true;
    if (!select_find_category(&job->selection, category, &number, &reason)) {
        options_usage("--list-activities=%s: %s", diag_printable(span_of(category), &shown),
                      reason.text);
        return false;
    }
    job->list_category = (int)number;
    return true;
}

/* False: the program ends, with diag_exit_status(). */
static bool read_options(struct job *job, struct filter *filter, int argc, char **argv)
{
    const char *value;
    int id;
    while ((id = options_next(&program, argc, argv, &value)) != OPTIONS_END) {
        bool taken = true;
        if (id >= OPTION_CRITERION && id < OPTION_COUNT_BY)
            taken = add_criterion(job, (enum criterion)(id - OPTION_CRITERION), value);
        else if (id == 'v')
            job->invert = true;
        else if (id == 'c')
            job->count = true;
        else if (id == OPTION_COUNT_BY)
            taken = set_count_by(job, value);
        else if (id == OPTION_LIST)
            taken = set_list(job, value);
        else
            taken = filter_option(filter, id, value) && !filter->stop;
        if (!taken)
            return false;
    }
    if (job->count && job->tally.by != TALLY_NONE) {
        options_usage("--count and --count-by exclude each other");
        return false;
    }
    job->inner = select_inner(&job->selection) | tally_inner(job->tally.by);
    return true;
}

/* A transform: passes on the events that are selected, or counts them. */
static enum verdict select_event(void *context, struct span record, struct edit *edit,
                                 struct reason *reason)
{
    struct job *job = context;
    struct event event;
    (void)edit;
    if (!event_read_record(&job->json, record, job->inner, NULL, NULL, &event, reason))
        return VERDICT_REJECT;
    if (event.kind == EVENT_UNKNOWN) {
        reason_set(reason, EVENT_UNKNOWN_REASON);
        return VERDICT_REJECT;
    }
    enum match match = select_match(&job->selection, &event, reason);
    if (match == MATCH_WRONG)
        return VERDICT_REJECT;
    if ((match == MATCH_YES) == job->invert)
        return VERDICT_DROP;
    if (job->tally.by != TALLY_NONE)
        return tally_event(&job->tally, &event, reason) ? VERDICT_DROP : VERDICT_REJECT;
    job->selected++;
    return job->count ? VERDICT_DROP : VERDICT_PASS;
}

/* How to print: people read tables. */
static enum listing_form output_form(void)
{
    if (!isatty(STDOUT_FILENO))
        return LISTING_NDJSON;
    setlocale(LC_CTYPE, "");
    return LISTING_TABLE;
}

static void print_catalogue(struct job *job, struct filter *filter)
{
    const struct catalogue *catalogue = select_catalogue(&job->selection);
    if (catalogue == NULL ||
        !listing_activities(catalogue, job->list_category, output_form(), &filter->out))
        diag_fail("%s", strerror(ENOMEM));
}

static void print_counts(struct job *job, struct filter *filter)
{
    if (job->count) {
        char line[32];
        snprintf(line, sizeof line, "%llu", (unsigned long long)job->selected);
        filter_write(filter, span_of(line));
    } else if (job->tally.by != TALLY_NONE) {
        if (!tally_finish(&job->tally) || !listing_counts(&job->tally, output_form(), &filter->out))
            diag_fail("%s", strerror(ENOMEM));
    }
}

int main(int argc, char **argv)
{
    static struct filter filter;
    static struct job job;
    filter_init(&filter, program.name);
    job.now = timestamp_now();
    if (read_options(&job, &filter, argc, argv) &&
        filter_begin(&filter, argv + optind, (size_t)(argc - optind))) {
        if (job.list) {
            print_catalogue(&job, &filter);
        } else {
            filter_lines(&filter, select_event, &job);
            print_counts(&job, &filter);
        }
    }
    tally_free(&job.tally);
    select_free(&job.selection);
    return filter_end(&filter);
}
