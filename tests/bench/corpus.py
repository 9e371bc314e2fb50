#!/usr/bin/env python3
"""Writes a corpus of audit events to standard output, the same one for the same arguments.

    corpus.py [MEGABYTES [SEED]]

The shapes are those of tests/data/events.ndjson: half are jobs of some KB with lines and their
line_stat (one in ten failed, one line in a hundred masked), the others user activity of half a KB,
a few of those flattened.  One event in eight is in Japanese, one in ten is in a wrapper, as
content.attributes or as log.  There is no white space between tokens.

Lines and people come from pools made beforehand, so that 200 MB take seconds; ids and times are
every event's own.
"""
import json
import random
import sys
import time

ADAPTERS = [
    ("clock", "scheduled_event"), ("postgresql", "insert_row"), ("rest", "get_quote"),
    ("salesforce", "search_sobjects"), ("logger", "log_message"), ("shopify", "new_order"),
    ("workato_variable", "declare_list"), ("google_sheets", "add_row_v4"), ("slack", "post_message"),
]
STEPS = ["map_input", "normalize_input", "trim_input", "render_input", "execute", "map_output"]
WORDS = ("parcel depot label pickup courier weight order invoice payroll ledger pallet harbor mill "
         "quote customer address region carton booking manifest").split()
KANJI = "請求書 会計 経理 見積書 出荷 株式会社みなと 木曜日 宛先 金額 顧客 倉庫 伝票".split()
TEAMS = [
    (7301, "Kestrel Logistics", "ops@kestrel.example.com", False),
    (88120, "Harbor Mill Foods", "it@harbormill.example.com", False),
    (90455, "Færder & Søn", "drift@faerder.example.com", False),
    (55190, "北斗商事", "kanri@hokuto.example.com", True),
]
NAMES = ["Mara Quist", "Dele Okafor", "Tomas Reyes", "Sanna Virtanen", "Ines Färber", "Liv Aasen"]
NAMES_JA = ["佐藤 由紀", "高橋 健", "伊藤 さくら"]
AGENTS = [
    "Mozilla/5.0 (X11; Linux x86_64; rv:115.0) Gecko/20100101 Firefox/115.0",
    "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) "
    "Version/16.4 Safari/605.1.15",
]
EVENTS = ["recipe_started", "recipe_stopped", "recipe_updated", "recipe_created", "user_login",
          "connection_created", "connection_updated", "folder_created", "package_exported"]
ID_LETTERS = "0123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
JAPANESE = 0.125
WRAPPED = 0.1


def text(value):
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def phrase(rng, japanese, words):
    pool = KANJI if japanese else WORDS
    return ("" if japanese else " ").join(rng.choice(pool) for _ in range(words))


def line_stat(rng):
    times = [rng.uniform(1e-5, 1e-4) for _ in range(rng.randint(2, len(STEPS)))]
    return {
        "total": sum(times),
        "details": [{"name": name, "count": 1, "average": t, "total": t, "min": t, "max": t}
                    for name, t in zip(STEPS, (float(f"{t:.5g}") for t in times))],
    }


def payload(rng, japanese):
    """What a step got or gave: sometimes little, sometimes some rows of a table."""
    if rng.random() < 0.4:
        return {rng.choice(WORDS): phrase(rng, japanese, 2)}
    return {
        "rows": [
            {
                "id": rng.randrange(10**9),
                "name": phrase(rng, japanese, 3),
                "weight_kg": round(rng.uniform(0, 90), 2),
                "note": f'{phrase(rng, japanese, 6)} "{rng.choice(WORDS)}"\n{phrase(rng, japanese, 4)}',
                "url": f"https://crm.example.com/api/v2/objects/{rng.randrange(10**8)}",
                "closed": rng.random() < 0.5,
                "owner": None,
            }
            for _ in range(rng.randint(1, 4))
        ]
    }


def make_line(rng, japanese, number, error=None, masked=False):
    adapter, operation = ADAPTERS[0] if number == 0 else rng.choice(ADAPTERS)
    line = {
        "recipe_line_number": number, "adapter_name": adapter, "adapter_operation": operation,
        "input": payload(rng, japanese), "output": {} if error else payload(rng, japanese),
    }
    if error:
        line["error"] = error
    line["mask_data"] = masked
    line["line_stat"] = line_stat(rng)
    return text(line)


class Corpus:
    """Events, one call each."""

    def __init__(self, seed):
        self.rng = rng = random.Random(seed)
        self.line_pool = {
            (japanese, number): [
                make_line(rng, japanese, number, masked=rng.random() < 0.01) for _ in range(60)
            ]
            for japanese in (False, True) for number in range(8)
        }
        self.error_pool = {
            japanese: [
                make_line(rng, japanese, 8, error=f"422: {phrase(rng, japanese, 4)}\n  is wrong")
                for _ in range(60)
            ]
            for japanese in (False, True)
        }
        self.people = {japanese: [self.person(japanese) for _ in range(200)]
                       for japanese in (False, True)}
        self.seconds = 1640995200  # 2022-01-01

    def person(self, japanese):
        rng = self.rng
        name = rng.choice(NAMES_JA if japanese else NAMES)
        user = rng.randrange(60000, 99999)
        return user, name, f"user{user}@example.com"

    def number(self, below):
        """A fast uniform integer: randrange() takes most of the time otherwise."""
        return int(self.rng.random() * below)

    def job_id(self):
        letters, number = ID_LETTERS, self.number(58**8)
        out = []
        for _ in range(8):
            number, digit = divmod(number, 58)
            out.append(letters[digit])
        return f"j-MbGnK{''.join(out[:3])}-{''.join(out[3:])}z"

    def clock(self):
        self.seconds += self.number(600)
        return time.gmtime(self.seconds)

    def job(self, japanese):
        rng = self.rng
        user, name, email = rng.choice(self.people[japanese])
        job, recipe = self.job_id(), 4410000 + self.number(500)
        now = self.clock()
        day = time.strftime("%Y-%m-%dT%H:%M", now)
        zone = "+09:00" if japanese else "-07:00"
        started, completed = f"{day}:{now.tm_sec // 2:02}{zone}", f"{day}:{now.tm_sec // 2 + 29:02}{zone}"
        failed = rng.random() < 0.1
        status = ("失敗" if failed else "成功") if japanese else ("failed" if failed else "succeeded")
        count = 1 + self.number(7)
        lines = [rng.choice(self.line_pool[japanese, i]) for i in range(count)]
        error, kind = "null", "null"
        if failed:
            lines.append(rng.choice(self.error_pool[japanese]))
            kind = '"Bad request"'
            error = (f'"{{\\"error_type\\":\\"Bad request\\",\\"error_at\\":\\"{completed}\\",'
                     f'\\"line_number\\":8,\\"message\\":\\"weight must be positive\\"}}"')
        recipe_name = KANJI[recipe % len(KANJI)] if japanese else f"Sync {WORDS[recipe % len(WORDS)]}"
        title = ("Workatoによるスケジューラ:新しい定期イベント:予定時刻=" if japanese else
                 "Scheduler by Workato: new scheduled event: Start time=") + started
        return (
            f'{{"id":"{job}","master_job_id":"{job}","recipe_id":{recipe},"calling_job_id":null,'
            f'"calling_recipe_id":null,"title":"{title}","status":"{status}","is_repeat":false,'
            f'"is_test":false,"started_at":"{started}","completed_at":"{completed}",'
            f'"repeat_count":0,"action_count":{count},"parent_id":null,"flow_id":{recipe},'
            f'"error_type":{kind},"is_poll_error":false,"account_id":{user},'
            f'"account_name":"{name}","environment_type":"prod","environment_id":{user},'
            f'"error":{error},"context":{{"user_id":{user},"user_name":"{name}",'
            f'"user_email":"{email}","recipe_id":{recipe},'
            f'"recipe_url":"https://workato.example.com/recipes/{recipe}",'
            f'"recipe_name":"{recipe_name}","recipe_path":"Home/Depot","job_id":"{job}",'
            f'"master_job_id":"{job}","calling_recipe_id":null,"calling_job_id":null,'
            f'"is_repeat":false,"is_test":false,"repeat_count":0,'
            f'"job_url":"https://workato.example.com/recipes/{recipe}/job/{job}",'
            f'"job_created_at":"{started}","repeated_job":false,"parent_job_id":null,'
            f'"user_external_id":null}},"report":{{"custom_column_1":"{self.number(10**6)}"}},'
            f'"lines":[{",".join(lines)}]}}'
        )

    def activity(self, japanese):
        rng = self.rng
        team, team_name, team_email, _ = rng.choice([t for t in TEAMS if t[3] == japanese])
        user, name, email = rng.choice(self.people[japanese])
        event, asset = rng.choice(EVENTS), 4410000 + self.number(9000)
        label = KANJI[asset % len(KANJI)] if japanese else f"Book a {WORDS[asset % len(WORDS)]}"
        return (
            f'{{"resource":{{"name":"{label} → {asset % 97}","id":{asset},"type":"Flow",'
            f'"parent_id":{asset - 7}}},"details":{{"request":{{"ip_address":"192.0.2.{asset % 251}",'
            f'"user_agent":"{rng.choice(AGENTS)}"}},"stop_reason":"user","force":false}},'
            f'"team":{{"name":"{team_name}","id":{team},"email":"{team_email}"}},"event":"{event}",'
            f'"user":{{"name":"{name}","id":{user},"email":"{email}"}},'
            f'"timestamp":"{time.strftime("%Y-%m-%d %H:%M:%S UTC", self.clock())}"}}'
        )

    def flattened(self, japanese):
        rng = self.rng
        team, team_name, _, _ = rng.choice([t for t in TEAMS if t[3] == japanese])
        _, name, _ = rng.choice(self.people[japanese])
        return (
            f'{{"user_name":"{name}","user_environment_id":{team},"user_environment_type":"dev",'
            f'"user_account_id":{team},"user_account_name":"{name}","team_id_d":{team},'
            f'"team_email":"deploy@example.com","team_name":"{team_name}",'
            f'"team_environment_id":{team},"team_environment_type":"dev",'
            f'"resource_type":"Deployment","resource_id_d":{30000 + self.number(9999)},'
            f'"resource_project_name":"{rng.choice(KANJI if japanese else WORDS)}",'
            f'"resource_target_environment":"Production","resource_performed_by":"{name}",'
            f'"timestamp":"{time.strftime("%Y-%m-%d %H:%M:%S UTC", self.clock())}"}}'
        )

    def event(self):
        roll, japanese = self.rng.random(), self.rng.random() < JAPANESE
        make = self.job if roll < 0.5 else self.activity if roll < 0.95 else self.flattened
        return make(japanese)

    def record(self):
        event, roll = self.event(), self.rng.random()
        if roll < WRAPPED / 2:
            return (
                f'{{"id":"AQBB{self.number(10**9):09}","content":{{"timestamp":'
                f'"{time.strftime("%Y-%m-%dT%H:%M:%S.118Z", time.gmtime(self.seconds))}",'
                f'"tags":["source:undefined"],"attributes":{event}}}}}\n'
            )
        if roll < WRAPPED:
            return f'{{"source":"Kestrel staging","UserID":"61204","log":{event}}}\n'
        return event + "\n"


def main():
    megabytes = float(sys.argv[1]) if len(sys.argv) > 1 else 200
    seed = int(sys.argv[2]) if len(sys.argv) > 2 else 1
    corpus, left = Corpus(seed), int(megabytes * 1e6)
    while left > 0:
        chunk = "".join(corpus.record() for _ in range(200)).encode()
        sys.stdout.buffer.write(chunk)
        left -= len(chunk)


if __name__ == "__main__":
    main()
