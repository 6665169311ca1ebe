#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Does not flood: runs beside another.
# Confirm or roll back: the agent owns the timer, though the CLI was killed and though the agent itself was.
. "$(dirname "$0")/session.sh"
begin confirm
write() {
	policy "$1" <<YAML
version: 1
interfaces: [{name: $IFACE, xdp: native}]
rules:
  - {name: blanket, limit: $2 packets/10s, action: block}
YAML
}
write policy.yaml 1k && write tight.yaml 7 && write third.yaml 30
start_agent
limit() { rule blanket limit; }

fw apply "$WORK/tight.yaml" --confirm 10s >"$WORK/apply.out" 2>&1 &
APPLY=$!
sleep 1
expect "the new policy is in force while it waits" 7 "$(limit)"
kill -9 $APPLY
wait $APPLY 2>/dev/null
sleep 2
expect "still waiting after the CLI was killed" 7 "$(limit)"
until_true 12 grep -q "rolled back" "$WORK/agent.log"
sleep 0.5
expect "rolled back without the CLI" 1000 "$(limit)"

expect_exit "an unconfirmed apply ends with 3" 3 fw apply "$WORK/tight.yaml" --confirm 5s
expect_words "and says that nobody confirmed it" 'nobody confirmed it in time' "$WORK/out"
expect "and the old policy" 1000 "$(limit)"

# A background job of a script ignores SIGINT; a terminal's foreground job does not.
interrupted() { # TIMES: Ctrl-C at the question
	/usr/bin/python3 - "$1" "$BUILD/floodwall" --socket "$WORK/api.sock" apply "$WORK/tight.yaml" --confirm 30s <<'PYTHON'
import signal, subprocess, sys, time
signal.signal(signal.SIGINT, signal.default_int_handler)
apply = subprocess.Popen(sys.argv[2:], stdout=subprocess.PIPE, text=True)
time.sleep(1)
for _ in range(int(sys.argv[1])):
    apply.send_signal(signal.SIGINT)
out, _ = apply.communicate(timeout=20)
print(apply.returncode, "rolled back: the policy" in out)
PYTHON
}
expect "Ctrl-C rolls back, says so and ends with 3" "3 True" "$(interrupted 1)"
expect "and the old policy is in force" 1000 "$(limit)"
expect "an impatient one does the same" "3 True" "$(interrupted 3)"
expect "and the old policy is in force" 1000 "$(limit)"

# What an operator types at the question, on a terminal of his own; prints exit code, questions, whether it was rolled back.
answered() {
	/usr/bin/python3 - "$1" "$BUILD/floodwall" --socket "$WORK/api.sock" apply "$WORK/tight.yaml" --confirm 30s <<'PYTHON'
import os, pty, sys
typed = sys.argv[1].encode().decode("unicode_escape").encode()
pid, terminal = pty.fork()
if pid == 0:
    os.execv(sys.argv[2], sys.argv[2:])
out = b""
while True:
    try:
        part = os.read(terminal, 4096)
    except OSError:
        part = b""
    if not part:
        break
    had, out = out.count(b"Keep it?"), out + part
    if out.count(b"Keep it?") > had and typed:
        end = typed.index(b"\n") + 1
        os.write(terminal, typed[:end])
        typed = typed[end:]
code = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
print(code, out.count(b"Keep it?"), b"rolled back: the policy" in out, b"nobody confirmed" in out)
PYTHON
}
expect "no rolls back" "3 1 True False" "$(answered 'no\n')"
expect "and the old policy is in force" 1000 "$(limit)"
expect "so does N" "3 1 True False" "$(answered 'N\n')"
expect "anything else asks again" "3 4 True False" "$(answered 'maybe\nnope\na word too long for any answer\n n \n')"
expect "and the old policy is in force" 1000 "$(limit)"
expect "yes keeps" "0 2 False False" "$(answered 'what\nYes\n')"
expect "the new one" 7 "$(limit)"
expect_exit "back again" 0 fw rollback
expect "an empty line keeps" "0 1 False False" "$(answered '\n')"
expect_exit "back again" 0 fw rollback
expect "to the old one" 1000 "$(limit)"

fw apply "$WORK/tight.yaml" --confirm 10s >"$WORK/apply.out" 2>&1 &
APPLY=$!
sleep 1
expect_exit "confirm from elsewhere" 0 fw confirm
wait $APPLY
expect "the waiting apply ends with 0" 0 $?
sleep 10
expect "a confirmed policy stays" 7 "$(limit)"
expect_exit "nothing is left to confirm" 1 fw confirm

expect_exit "apply without confirm" 0 fw apply "$WORK/third.yaml"
expect "is in force" 30 "$(limit)"
expect_exit "rollback by hand" 0 fw rollback
expect "goes to the one before" 7 "$(limit)"

fw apply "$WORK/third.yaml" --confirm 5s >"$WORK/apply.out" 2>&1 &
APPLY=$!
sleep 1
stop_agent KILL
wait $APPLY 2>/dev/null
sleep 5
start_agent
sleep 1
expect "a restarted agent honours a deadline that passed meanwhile" 7 "$(limit)"
expect_exit "plan says what would change" 0 fw plan "$WORK/third.yaml"
expect_words "in words" 'blanket.*(7|30)' "$WORK/out"
expect "plan changes nothing" 7 "$(limit)"

# A policy without interfaces is legal and switches protection off: never in a subordinate clause.
policy nowhere.yaml <<YAML
version: 1
rules:
  - {name: blanket, limit: 7 packets/10s, action: block}
YAML
expect_exit "plan of a policy without interfaces" 0 fw plan "$WORK/nowhere.yaml"
expect_words "says that nothing will be filtered" "^warning: NOTHING WILL BE FILTERED.*OFF on $IFACE" "$WORK/out"
fw apply "$WORK/nowhere.yaml" --confirm 30s >"$WORK/nowhere.out" 2>&1 &
APPLY=$!
until_true 5 grep -q applied: "$WORK/nowhere.out"
expect_words "apply says it before it asks" "^warning: NOTHING WILL BE FILTERED.*OFF on $IFACE" "$WORK/nowhere.out"
expect_exit "and is taken back" 0 fw rollback
wait $APPLY
expect "with the interface" yes "$(has_program "$IFACE")"
expect_exit "a policy with interfaces" 0 fw plan "$WORK/third.yaml"
expect "does not say it" 0 "$(grep -c NOTHING "$WORK/out")"
