#!/usr/bin/env python3
"""Writes audit events for audit-report, one a line, the same ones every time.

usage: report-events.py COUNT [MEMBERS [DAYS]]

Half of them are jobs, half activities of members of several customers, over some weeks of 2024, most
of them in office hours.
"""
import json
import random
import sys
import time

ACTIVITIES = [
    ("user_login", "User", 30), ("user_logout", "User", 20), ("user_login_failed", "User", 3),
    ("recipe_updated", "Flow", 16), ("recipe_started", "Flow", 9), ("recipe_stopped", "Flow", 7),
    ("recipe_deleted", "Flow", 1), ("connection_updated", "SharedAccount", 4),
    ("connection_deleted", "SharedAccount", 1), ("folder_created", "Folder", 3),
    ("team_invitation_created", "MemberInvitation", 2), ("team_membership_deleted", "ManagedUserGrant", 1),
    ("api_key_refreshed", "User", 1), ("two_factor_authentication_disabled", "User", 1),
]
FIRST = 1709251200  # 2024-03-01
NAMES = ["Ada Muster", "Björn Åkesson", "Chiara Rossi", "佐藤 花子", "עדי כהן", "Noor Haddad", "Olu Adeyemi"]


def main():
    count = int(sys.argv[1])
    members = int(sys.argv[2]) if len(sys.argv) > 2 else 40
    days = int(sys.argv[3]) if len(sys.argv) > 3 else 60
    rng = random.Random(7)
    weights = [weight for _, _, weight in ACTIVITIES]
    for number in range(count):
        day = rng.randrange(days)
        if (day + 4) % 7 >= 5 and rng.random() < 0.7:  # 2024-03-01 was a Friday
            day = max(0, day - 2)
        hour = min(23, max(0, int(rng.gauss(13, 3.2)))) if rng.random() < 0.93 else rng.randrange(24)
        seconds = FIRST + 86400 * day + 3600 * hour + rng.randrange(3600)
        customer = 70 + min(rng.randrange(8), rng.randrange(8))
        recipe = 400 + min(rng.randrange(30), rng.randrange(30))
        if number % 2 == 0:
            event = {
                "id": f"j-{number:07}", "status": "failed" if rng.random() < recipe % 7 / 60 else "succeeded",
                "recipe_id": recipe,
                "completed_at": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(seconds)),
                "context": {"user_id": customer, "recipe_name": f"Sync orders {recipe}"}, "lines": [],
            }
        else:
            name, kind, _ = rng.choices(ACTIVITIES, weights)[0]
            member = min(rng.randrange(members), rng.randrange(members))
            event = {
                "event": name, "timestamp": time.strftime("%Y-%m-%d %H:%M:%S UTC", time.gmtime(seconds)),
                "user": {"id": 9000 + member, "name": NAMES[member % len(NAMES)],
                         "email": f"member{member}@example.com"},
                "team": {"id": customer, "name": "ACME"},
                "resource": {"type": kind, "id": recipe if kind == "Flow" else 9000 + member,
                             "name": f"Sync orders {recipe}" if kind == "Flow" else f"{kind} {member % 9}"},
                "details": {"request": {"ip_address": f"192.0.2.{member % 250}"}},
            }
        sys.stdout.write(json.dumps(event, ensure_ascii=False, separators=(",", ":")) + "\n")


if __name__ == "__main__":
    main()
