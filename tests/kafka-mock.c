/* kafka-mock: a Kafka cluster for the tests: librdkafka's own mock brokers on the loopback
 * interface.
 *
 *   kafka-mock cluster BROKERS [SPEED]
 *       prints its bootstrap servers, then takes commands on standard input and answers each with
 *       "ok COMMAND" or "failed COMMAND: WHY":
 *         topic NAME PARTITIONS           makes a topic
 *         topic-error NAME ERROR          what the topic's metadata says
 *         down N, up N                    a broker, 0 for all
 *         rtt N MILLISECONDS              how late its answers come
 *         leader TOPIC PARTITION N        moves a partition
 *         coordinator GROUP N             moves a group's coordinator
 *         errors REQUEST ERROR...         what the next requests of that kind are answered
 *         clear REQUEST                   takes back those that are left
 *       A REQUEST is a number of the Kafka protocol, an ERROR a name of librdkafka without its
 *       RD_KAFKA_RESP_ERR_.  The brokers' clock goes SPEED times as fast as others': a new group
 *       begins after 3 of their seconds, and a worker's session ends earlier.
 *   kafka-mock create BROKERS TOPIC PARTITIONS
 *       makes a topic on any cluster.
 *   kafka-mock committed BROKERS GROUP TOPIC
 *       prints, for each partition of the topic, "PARTITION COMMITTED LOW HIGH"; COMMITTED is "-"
 *       where the group has committed nothing.
 */
#include "config.h"

#include <librdkafka/rdkafka.h>
#include <librdkafka/rdkafka_mock.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

enum { WORDS = 4000, WAIT = 30000, SECOND = 1000000000 /* in nanoseconds */ };

static int speed = 1;

/* These two replace libc's for librdkafka, too. */
int clock_gettime(clockid_t clock, struct timespec *time)
{
    int result = (int)syscall(SYS_clock_gettime, clock, time);
    if (clock != CLOCK_MONOTONIC || speed == 1)
        return result;
    long long nanos = ((long long)time->tv_sec * SECOND + time->tv_nsec) * speed;
    *time = (struct timespec){.tv_sec = nanos / SECOND, .tv_nsec = nanos % SECOND};
    return result;
}

int poll(struct pollfd *fds, nfds_t count, int milliseconds)
{
    if (milliseconds > 0)
        milliseconds = (milliseconds + speed - 1) / speed;
    return (int)syscall(SYS_poll, fds, count, milliseconds);
}

static rd_kafka_t *new_client(rd_kafka_type_t type, const char *const *property)
{
    char error[512];
    rd_kafka_conf_t *conf = rd_kafka_conf_new();
    for (; *property != NULL; property += 2)
        if (rd_kafka_conf_set(conf, property[0], property[1], error, sizeof error) !=
            RD_KAFKA_CONF_OK) {
            fprintf(stderr, "kafka-mock: %s\n", error);
            exit(2);
        }
    rd_kafka_t *client = rd_kafka_new(type, conf, error, sizeof error);
    if (client == NULL) {
        fprintf(stderr, "kafka-mock: %s\n", error);
        exit(2);
    }
    return client;
}

/* The code of an error's name. */
static int error_code(const char *name)
{
    const struct rd_kafka_err_desc *description;
    size_t count;
    rd_kafka_get_err_descs(&description, &count);
    for (size_t i = 0; i < count; i++)
        if (description[i].name != NULL && strcmp(description[i].name, name) == 0)
            return description[i].code;
    fprintf(stderr, "kafka-mock: no error %s\n", name);
    exit(2);
}

static rd_kafka_resp_err_t push_errors(rd_kafka_mock_cluster_t *cluster, char **word, int words)
{
    static rd_kafka_resp_err_t error[WORDS];
    size_t count = 0;
    for (int i = 2; i < words; i++)
        error[count++] = (rd_kafka_resp_err_t)error_code(word[i]);
    rd_kafka_mock_push_request_errors_array(cluster, (int16_t)atoi(word[1]), count, error);
    return RD_KAFKA_RESP_ERR_NO_ERROR;
}

static rd_kafka_resp_err_t obey(rd_kafka_mock_cluster_t *cluster, char **word, int words)
{
    const char *verb = words > 0 ? word[0] : "";
    int broker = words > 1 && atoi(word[1]) > 0 ? atoi(word[1]) : -1;
    if (strcmp(verb, "topic") == 0 && words == 3)
        return rd_kafka_mock_topic_create(cluster, word[1], atoi(word[2]), 1);
    if (strcmp(verb, "topic-error") == 0 && words == 3) {
        rd_kafka_mock_topic_set_error(cluster, word[1], (rd_kafka_resp_err_t)error_code(word[2]));
        return RD_KAFKA_RESP_ERR_NO_ERROR;
    }
    if (strcmp(verb, "down") == 0 && words == 2)
        return rd_kafka_mock_broker_set_down(cluster, broker);
    if (strcmp(verb, "up") == 0 && words == 2)
        return rd_kafka_mock_broker_set_up(cluster, broker);
    if (strcmp(verb, "rtt") == 0 && words == 3)
        return rd_kafka_mock_broker_set_rtt(cluster, broker, atoi(word[2]));
    if (strcmp(verb, "leader") == 0 && words == 4)
        return rd_kafka_mock_partition_set_leader(cluster, word[1], atoi(word[2]), atoi(word[3]));
    if (strcmp(verb, "coordinator") == 0 && words == 3)
        return rd_kafka_mock_coordinator_set(cluster, "group", word[1], atoi(word[2]));
    if (strcmp(verb, "errors") == 0 && words > 2)
        return push_errors(cluster, word, words);
    if (strcmp(verb, "clear") == 0 && words == 2) {
        rd_kafka_mock_clear_request_errors(cluster, (int16_t)atoi(word[1]));
        return RD_KAFKA_RESP_ERR_NO_ERROR;
    }
    return RD_KAFKA_RESP_ERR__INVALID_ARG;
}

static void run_cluster(int brokers)
{
    static char *word[WORDS];
    char *line = NULL;
    size_t size = 0;
    const char *const none[] = {NULL};
    rd_kafka_t *client = new_client(RD_KAFKA_PRODUCER, none);
    rd_kafka_mock_cluster_t *cluster = rd_kafka_mock_cluster_new(client, brokers);
    if (cluster == NULL) {
        fprintf(stderr, "kafka-mock: the cluster does not start\n");
        exit(2);
    }
    printf("%s\n", rd_kafka_mock_cluster_bootstraps(cluster));
    fflush(stdout);
    while (getline(&line, &size, stdin) > 0) {
        int words = 0;
        line[strcspn(line, "\n")] = '\0';
        char *copy = strdup(line), *rest = copy;
        for (char *next; words < WORDS && (next = strtok_r(rest, " ", &rest)) != NULL;)
            word[words++] = next;
        rd_kafka_resp_err_t error = obey(cluster, word, words);
        if (error == RD_KAFKA_RESP_ERR_NO_ERROR)
            printf("ok %s\n", line);
        else
            printf("failed %s: %s\n", line, rd_kafka_err2str(error));
        fflush(stdout);
        free(copy);
    }
    free(line);
    rd_kafka_mock_cluster_destroy(cluster);
    rd_kafka_destroy(client);
}

static void fail(const char *what, rd_kafka_resp_err_t error)
{
    fprintf(stderr, "kafka-mock: %s: %s\n", what, rd_kafka_err2str(error));
    exit(2);
}

static void print_committed(const char *brokers, const char *group, const char *topic)
{
    const char *const property[] = {"bootstrap.servers", brokers, "group.id", group, NULL};
    rd_kafka_t *client = new_client(RD_KAFKA_CONSUMER, property);
    rd_kafka_topic_t *handle = rd_kafka_topic_new(client, topic, NULL);
    const struct rd_kafka_metadata *metadata;
    rd_kafka_resp_err_t error = rd_kafka_metadata(client, 0, handle, &metadata, WAIT);
    if (error != RD_KAFKA_RESP_ERR_NO_ERROR)
        fail(topic, error);
    int count = metadata->topics[0].partition_cnt;
    rd_kafka_metadata_destroy(metadata);
    rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(count);
    for (int i = 0; i < count; i++)
        rd_kafka_topic_partition_list_add(list, topic, i);
    error = rd_kafka_committed(client, list, WAIT);
    if (error != RD_KAFKA_RESP_ERR_NO_ERROR)
        fail(group, error);
    for (int i = 0; i < count; i++) {
        int64_t low, high, offset = list->elems[i].offset;
        error = rd_kafka_query_watermark_offsets(client, topic, i, &low, &high, WAIT);
        if (error != RD_KAFKA_RESP_ERR_NO_ERROR)
            fail(topic, error);
        printf("%d ", i);
        if (offset < 0)
            printf("-");
        else
            printf("%lld", (long long)offset);
        printf(" %lld %lld\n", (long long)low, (long long)high);
    }
    rd_kafka_topic_partition_list_destroy(list);
    rd_kafka_topic_destroy(handle);
    rd_kafka_destroy(client);
}

static void create_topic(const char *brokers, const char *topic, int partitions)
{
    char error[512];
    const char *const property[] = {"bootstrap.servers", brokers, NULL};
    rd_kafka_t *client = new_client(RD_KAFKA_PRODUCER, property);
    rd_kafka_queue_t *queue = rd_kafka_queue_new(client);
    rd_kafka_NewTopic_t *new_topic =
        rd_kafka_NewTopic_new(topic, partitions, 1, error, sizeof error);
    if (new_topic == NULL)
        fail(error, RD_KAFKA_RESP_ERR__INVALID_ARG);
    rd_kafka_CreateTopics(client, &new_topic, 1, NULL, queue);
    rd_kafka_event_t *event = rd_kafka_queue_poll(queue, WAIT);
    if (event == NULL)
        fail(topic, RD_KAFKA_RESP_ERR__TIMED_OUT);
    if (rd_kafka_event_error(event) != RD_KAFKA_RESP_ERR_NO_ERROR)
        fail(topic, rd_kafka_event_error(event));
    size_t count;
    const rd_kafka_topic_result_t **result =
        rd_kafka_CreateTopics_result_topics(rd_kafka_event_CreateTopics_result(event), &count);
    if (count != 1 || rd_kafka_topic_result_error(result[0]) != RD_KAFKA_RESP_ERR_NO_ERROR)
        fail(topic, rd_kafka_topic_result_error(result[0]));
    rd_kafka_event_destroy(event);
    rd_kafka_NewTopic_destroy(new_topic);
    rd_kafka_queue_destroy(queue);
    rd_kafka_destroy(client);
}

int main(int argc, char **argv)
{
    if ((argc == 3 || argc == 4) && strcmp(argv[1], "cluster") == 0) {
        speed = argc == 4 ? atoi(argv[3]) : 1;
        run_cluster(atoi(argv[2]));
    } else if (argc == 5 && strcmp(argv[1], "committed") == 0) {
        print_committed(argv[2], argv[3], argv[4]);
    } else if (argc == 5 && strcmp(argv[1], "create") == 0) {
        create_topic(argv[2], argv[3], atoi(argv[4]));
    } else {
        return 2;
    }
    return 0;
}
