/* audit-select: who did what, when: the events that meet criteria. */
#include "config.h"

#include "base/tool.h"
#include "filter/filter.h"
#include "filter/listing.h"
#include "filter/parallel.h"
#include "filter/select.h"
#include "filter/tally.h"
#include "filter/timeline.h"

#include <errno.h>
#include <locale.h>
#include <stdio.h>
#include <unistd.h>

struct job {
    struct selection selection;
    struct tally tally;
    struct timeline timeline;
    struct json json;
    struct timestamp now;
    uint64_t inner; /* the fields that criteria and counts read */
    bool invert, count, list, table;
    int category;      /* that is listed; -1: all */
    uint64_t selected; /* with --count */
};

static bool add_criterion(struct job *job, enum criterion criterion, const char *argument,
                          struct reason *reason)
{
    if (job->now.seconds == 0)
        job->now = timestamp_now();
    return select_add(&job->selection, criterion, argument, &job->now, reason);
}

static bool parse_since(void *context, const char *argument, struct reason *reason)
{
    return add_criterion(context, SELECT_SINCE, argument, reason);
}

static bool parse_until(void *context, const char *argument, struct reason *reason)
{
    return add_criterion(context, SELECT_UNTIL, argument, reason);
}

static bool parse_user(void *context, const char *argument, struct reason *reason)
{
    return add_criterion(context, SELECT_USER, argument, reason);
}

static bool parse_asset(void *context, const char *argument, struct reason *reason)
{
    return add_criterion(context, SELECT_ASSET, argument, reason);
}

static bool parse_event(void *context, const char *argument, struct reason *reason)
{
    return add_criterion(context, SELECT_EVENT, argument, reason);
}

static bool parse_category(void *context, const char *argument, struct reason *reason)
{
    return add_criterion(context, SELECT_CATEGORY, argument, reason);
}

static bool parse_customer(void *context, const char *argument, struct reason *reason)
{
    return add_criterion(context, SELECT_CUSTOMER, argument, reason);
}

static bool parse_status(void *context, const char *argument, struct reason *reason)
{
    return add_criterion(context, SELECT_STATUS, argument, reason);
}

static bool parse_kind(void *context, const char *argument, struct reason *reason)
{
    return add_criterion(context, SELECT_KIND, argument, reason);
}

static bool parse_count_by(void *context, const char *argument, struct reason *reason)
{
    struct job *job = context;
    return tally_parse(&job->tally, argument, reason);
}

static bool parse_zone(void *context, const char *argument, struct reason *reason)
{
    struct job *job = context;
    bool good = zone_parse(argument, &job->tally.zone, reason);
    job->timeline.zone = job->tally.zone;
    return good;
}

static bool parse_list(void *context, const char *category, struct reason *reason)
{
    struct job *job = context;
    unsigned number;
    job->list = true;
    job->category = -1;
    if (category == NULL)
        return true;
    if (!select_find_category(&job->selection, category, &number, reason))
        return false;
    job->category = (int)number;
    return true;
}

/* A transform: passes the selected events, or counts them. */
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
    if (job->tally.keys > 0)
        return tally_event(&job->tally, &event, reason) ? VERDICT_DROP : VERDICT_REJECT;
    if (job->table && !job->count)
        return timeline_add(&job->timeline, &event, reason) ? VERDICT_DROP : VERDICT_REJECT;
    job->selected++;
    return job->count ? VERDICT_DROP : VERDICT_PASS;
}

/* Gives a thread's copy its own buffers and count.  The criteria and the catalogue are shared. */
static bool begin_copy(void *context)
{
    struct job *copy = context;
    copy->selection.reader = (struct facet_reader){0};
    copy->selected = 0;
    return true;
}

static void end_copy(void *context)
{
    struct job *copy = context;
    facet_free(&copy->selection.reader);
}

/* Moves the count of a copy to the original. */
static void add_selected(void *context, void *copy)
{
    struct job *to = context, *from = copy;
    to->selected += from->selected;
    from->selected = 0;
}

static const struct parallel_work select_work = {
    .transform = select_event,
    .size = sizeof(struct job),
    .begin = begin_copy,
    .end = end_copy,
    .count = add_selected,
};

/* The output's form: tables are for people. */
static enum listing_form output_form(const struct job *job)
{
    return job->table || isatty(STDOUT_FILENO) ? LISTING_TABLE : LISTING_NDJSON;
}

static void print_catalogue(struct job *job, struct filter *filter)
{
    const struct catalogue *catalogue = select_catalogue(&job->selection);
    if (catalogue == NULL ||
        !listing_activities(catalogue, job->category, output_form(job), &filter->out))
        diag_fail("%s", strerror(ENOMEM));
}

static void print_counts(struct job *job, struct filter *filter)
{
    if (job->count) {
        char line[32];
        snprintf(line, sizeof line, "%llu", (unsigned long long)job->selected);
        filter_write(filter, span_of(line));
    } else if (job->tally.keys > 0) {
        if (!tally_finish(&job->tally) ||
            !listing_counts(&job->tally, output_form(job), &filter->out))
            diag_fail("%s", strerror(ENOMEM));
    } else if (job->table && !timeline_write(&job->timeline, &filter->out)) {
        diag_fail("%s", strerror(ENOMEM));
    }
}

static void warn_of_unknown_events(struct job *job)
{
    struct reason message;
    size_t next = 0;
    while (select_unknown_event(&job->selection, &next, &message))
        diag_warn("%s", message.text);
}

static struct filter filter = FILTER;
static struct parallel parallel;
static struct job job;

static int run(char **operand, size_t operands)
{
    if (job.count && job.tally.keys > 0)
        return options_usage("--count and --count-by exclude each other");
    if (job.count && job.table)
        return options_usage("--count and --table exclude each other");
    if (job.table || isatty(STDOUT_FILENO))
        setlocale(LC_CTYPE, ""); /* for the width of a table's cells */
    job.inner = select_inner(&job.selection) | tally_inner(&job.tally);
    if (job.table && job.tally.keys == 0)
        job.inner |= timeline_inner();
    if (filter_begin(&filter, operand, operands)) {
        if (job.list) {
            print_catalogue(&job, &filter);
        } else {
            /* Counts and tables are made by one thread. */
            if (job.tally.keys > 0 || job.table)
                parallel.threads = 1;
            parallel_lines(&parallel, &filter, &select_work, &job);
            print_counts(&job, &filter);
            warn_of_unknown_events(&job);
        }
    }
    tally_free(&job.tally);
    timeline_free(&job.timeline);
    select_free(&job.selection);
    return filter_end(&filter);
}

static const struct option_line options[] = {
    {.name = "since",
     .argument = "TIME",
     .help = "events at TIME or later",
     OPTION_CALL(parse_since)},
    {.name = "until", .argument = "TIME", .help = "events before TIME", OPTION_CALL(parse_until)},
    {.name = "user",
     .argument = "ID|EMAIL|NAME",
     .help = "events of that user",
     OPTION_CALL(parse_user)},
    {.name = "asset",
     .argument = "TYPE[:ID|NAME]",
     .help = "events of an asset, or of a type of assets:\n"
             "recipe, connection, folder, package, ...",
     OPTION_CALL(parse_asset)},
    {.name = "event",
     .argument = "GLOB",
     .help = "activities of that name: recipe_*",
     OPTION_CALL(parse_event)},
    {.name = "category",
     .argument = "NAME",
     .help = "activities of a category of the catalogue",
     OPTION_CALL(parse_category)},
    {.name = "customer",
     .argument = "ID",
     .help = "events of a customer's workspace, by its id or\n"
             "external id",
     OPTION_CALL(parse_customer)},
    {.name = "status",
     .argument = "STATUS",
     .help = "jobs of that status",
     .values = event_statuses,
     OPTION_CALL(parse_status)},
    {.name = "kind", .argument = "KIND", .help = "job or activity", OPTION_CALL(parse_kind)},
    {.letter = 'v',
     .name = "invert-match",
     .help = "select the events that do not meet the criteria",
     OPTION_FLAG(struct job, invert)},
    {.letter = 'c',
     .name = "count",
     .help = "print only how many events are selected",
     OPTION_FLAG(struct job, count)},
    {.name = "count-by",
     .argument = "WHAT",
     .help = "print only how many for each, or for each of several\n"
             "together: day,event",
     .values = tally_names,
     OPTION_CALL(parse_count_by)},
    {.letter = 't',
     .name = "table",
     .help = "print tables: of the events, when, who, what and which\n"
             "asset; of counts and activities, too",
     OPTION_FLAG(struct job, table)},
    {.letter = 'z',
     .name = "timezone",
     .argument = "ZONE",
     .help = "times of tables, and days and months, in this zone:\n"
             "UTC (default), record (as the event has it), or\n"
             "Area/City",
     OPTION_CALL(parse_zone)},
    {.name = "list-activities",
     .argument = "[=CATEGORY]",
     .help = "print the catalogue of activities and exit",
     OPTION_CALL(parse_list)},
    {.name = NULL},
};

static const struct tool tool = {
    .name = "audit-select",
    .operands = "[OPTION]... [FILE]...",
    .summary =
        "Print the audit events that meet all the criteria.  Several criteria of one kind are\n"
        "alternatives.  TIME is 2024-05-31, 2024-05-31T12:00:00Z, or 7d: that long ago.",
    .options = {{options, &job}, {parallel_options, &parallel}, {filter_options, &filter}},
    .run = run,
};

int main(int argc, char **argv)
{
    return tool_main(&tool, argc, argv);
}
