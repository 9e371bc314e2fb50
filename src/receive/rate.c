#include "config.h"

#include "receive/rate.h"

void rate_begin(struct rate *rate, uint64_t most)
{
    *rate = (struct rate){.most = most, .left = (double)most};
    pthread_mutex_init(&rate->lock, NULL);
}

bool rate_take(struct rate *rate, int64_t now)
{
    if (rate->most == 0)
        return true;
    pthread_mutex_lock(&rate->lock);
    if (now > rate->at) {
        rate->left += (double)(now - rate->at) * (double)rate->most / 1e6;
        rate->at = now;
    }
    if (rate->left > (double)rate->most)
        rate->left = (double)rate->most;
    bool may = rate->left >= 1;
    rate->left -= may ? 1 : 0;
    pthread_mutex_unlock(&rate->lock);
    return may;
}
