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
# Who types it after the clock has done it means the policy that is gone already.
expect_exit "rollback of what was rolled back already, with no policy before" 0 fw rollback
expect_words "says that nothing changed" '^nothing changed: generation [0-9]+ was rolled back already, nobody confirmed it in time$' "$WORK/out"
expect_words "and that there is none before" '^there is no policy before that one' "$WORK/out"
expect_exit "a second one fails" 1 fw rollback

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
expect_exit "rollback from another terminal, which came too late" 0 fw rollback
expect_words "changes nothing and says so" '^nothing changed: generation [0-9]+ was rolled back already, by hand$' "$WORK/out"
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
expect_words "and says what that changed" '^~ rule blanket +limit 30 packets/10s -> 7 packets/10s$' "$WORK/out"
expect_words "and what undoes it" '^undo: floodwall rollback$' "$WORK/out"
expect_exit "which it does" 0 fwj rollback
expect "with the change" "30 False limit 7 packets/10s -> 30 packets/10s floodwall rollback" \
	"$(limit) $(field "'%s %s %s' % (d['unchanged'], d['changes'][0]['detail'], d['undo'])" <"$WORK/out")"
expect_exit "and back" 0 fw rollback

expect_exit "with a policy before" 0 fw apply "$WORK/third.yaml"
expect_exit "that no rollback has left" 0 fw apply "$WORK/tight.yaml"
# taken_back COMMAND...: $SAID is what rollback says of one that the clock took back, after a command that may be between
said() { SAID=$(fwj rollback | field "d['unchanged'], d['before'].split('/')[-1] if d.get('before') else None, len(d['changes']), d['undo']"); }
taken_back() {
	fw apply "$WORK/write.yaml" --confirm 1s >/dev/null 2>&1
	"$@" >/dev/null
	said
}
restart() { stop_agent KILL && start_agent; } 2>/dev/null
write write.yaml 90
taken_back true
expect "the first rollback after the clock's changes nothing" "(True, 'third.yaml', 0, None)" "$SAID"
expect "at all" 7 "$(limit)"
expect_exit "the second goes back" 0 fw rollback
expect "further" 30 "$(limit)"
expect_exit "and that is undone" 0 fw rollback
expect "by another" 7 "$(limit)"
taken_back restart
expect "an agent that was killed since remembers" "(True, 'third.yaml', 0, None)" "$SAID"
restart
said
expect "and that it was said" "(False, None, 1, 'floodwall rollback') 30" "$SAID $(limit)"
expect_exit "back again" 0 fw rollback
taken_back fw apply "$WORK/third.yaml"
expect "after another apply it goes" "(False, None, 1, 'floodwall rollback')" "$SAID"
expect "to the one before that" 7 "$(limit)"
rm "$WORK/apply.out" # nobody reads what the one before said
fw apply "$WORK/write.yaml" --confirm 30s >"$WORK/apply.out" 2>&1 &
APPLY=$!
until_true 5 grep -q applied: "$WORK/apply.out"
expect_exit "one that waits is taken back by hand" 0 fw rollback
wait $APPLY
expect_words "with what that changed" '^~ rule blanket +limit 90 packets/10s -> 7 packets/10s$' "$WORK/out"
expect_words "and what undoes it" "^undo: floodwall apply $WORK/write.yaml$" "$WORK/out"
said
expect "after which a rollback changes nothing, and third.yaml, which one has left, is not before" "(True, None, 0, None) 7" "$SAID $(limit)"
mv "$WORK/write.yaml" "$WORK/pipe.yaml"
rm "$WORK/apply.out" # nobody reads what the one before said
fw apply <(cat "$WORK/pipe.yaml") --confirm 30s >"$WORK/apply.out" 2>&1 &
APPLY=$!
until_true 5 grep -q applied: "$WORK/apply.out"
expect_exit "one out of a pipe is taken back" 0 fwj rollback
wait $APPLY
expect "and nothing undoes it" None "$(field "d['undo']" <"$WORK/out")"

fw apply "$WORK/third.yaml" --confirm 5s >"$WORK/apply.out" 2>&1 &
APPLY=$!
sleep 1
stop_agent KILL
wait $APPLY 2>/dev/null
sleep 5
start_agent
sleep 1
expect "a restarted agent honours a deadline that passed meanwhile" 7 "$(limit)"
expect_words "which events say" 'rollback +rolled back generation [0-9]+, its predecessor is in force as generation [0-9]+: .* while no agent ran' <(fw events)
expect "and says so" True "$(fwj rollback | field "d['unchanged']")"
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
expect_words "status says what a boot loads" "^unsaved   $WORK/nowhere.yaml: in force; a boot loads $WORK/policy.yaml instead$" <(fw status)
off='^nothing is filtered here: no interface is attached; next: '
expect_words "attacks says that nothing is filtered" "$off" <(fw attacks)
expect_words "so does top" "$off" <(fw top --once)
expect_words "so does explain" "$off" <(fw explain 198.51.100.9)
expect_exit "and is taken back" 0 fw rollback
wait $APPLY
expect "with the interface" yes "$(has_program "$IFACE")"
# A rollback that switches protection off says so as apply does, and none does it by surprise.
expect_exit "apply it" 0 fw apply "$WORK/nowhere.yaml"
expect_exit "back" 0 fw rollback
expect "without that warning" 0 "$(grep -c NOTHING "$WORK/out")"
expect_exit "and there again" 0 fw rollback
expect_words "with apply's warning" "^warning: NOTHING WILL BE FILTERED.*OFF on $IFACE" "$WORK/out"
expect_exit "back" 0 fw rollback
expect "in JSON, too" "NOTHING WILL BE FILTERED" "$(fwj rollback | field "d['warnings'][0].split(':')[0]")"
expect_exit "and back" 0 fw rollback
rm "$WORK/apply.out" # nobody reads what the one before said
fw apply "$WORK/third.yaml" --confirm 30s >"$WORK/apply.out" 2>&1 &
APPLY=$!
until_true 5 grep -q applied: "$WORK/apply.out"
expect_exit "another on trial is taken back" 0 fw rollback
wait $APPLY
expect_exit "once more" 0 fw rollback
expect_words "changes nothing" '^nothing changed: .* by hand$' "$WORK/out"
expect_exit "once more" 1 fw rollback
expect_words "does not go where a rollback came from" 'no policy to go back to' "$WORK/err"
expect "and protection stays on" yes "$(has_program "$IFACE")"
expect_exit "a policy with interfaces" 0 fw plan "$WORK/third.yaml"
expect "does not say it" 0 "$(grep -c NOTHING "$WORK/out")"

# Another policy in force: of the one that the clock took back there is nothing more to say.
edited() { # tuned, so that the next agent has live changes to put on the edited file
	fw tune blanket mode=count
	stop_agent
	sed -i 's/ 1k packets/ 1100 packets/' "$WORK/policy.yaml"
	start_agent
}
write write.yaml 90
expect_exit "the agent's own file" 0 fw apply "$WORK/policy.yaml"
taken_back edited
expect "after a start with another file rollback goes" "False 7" "$(echo "$SAID" | grep -o False) $(limit)"
