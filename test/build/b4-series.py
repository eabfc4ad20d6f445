# SPDX-License-Identifier: MIT
# What b4 makes of mails: a list of base64 on standard input, its series as JSON on standard output. Runs offline.
import base64, email, json, logging, sys

import b4

b4.can_network = False
b4.logger.addHandler(logging.NullHandler())

mails = [base64.b64decode(mail) for mail in json.load(sys.stdin)]


def read_box():
    box = b4.LoreMailbox()
    for mail in mails:
        box.add_message(email.message_from_bytes(mail, policy=b4.emlpolicy))
    return box


found = []
for revision in sorted(read_box().series):
    # get_series changes the box: a box of its own for each revision.
    series = read_box().get_series(revision, codereview_trailers=False)
    if series is None:
        continue
    series.add_cover_trailers()
    patches = []
    for patch in series.patches[1:]:
        if patch is None:
            continue
        trailers = [f'{t.name}: {t.value}' for t in patch.followup_trailers]
        patches.append({'messageId': patch.msgid, 'trailers': sorted(set(trailers))})
    found.append(
        {
            'revision': revision,
            'total': series.expected,
            'complete': series.complete,
            'cover': series.patches[0].msgid if series.patches[0] is not None else None,
            'baseCommit': series.base_commit,
            'changeId': series.change_id,
            'patches': patches,
        }
    )
json.dump(found, sys.stdout)
