"""Usage errors, help, completion, version."""
import json
import subprocess

import pytest


@pytest.mark.parametrize("args,says", [
    (("risk", "lst"), "list"), (("rsk", "list"), "risk"), (("risk", "list", "--levle", "high"), "--level"), (("risk",), "sub-command"),
    (("risk", "list", "--level"), "needs a value"), (("risk", "list", "--yes=1"), "no value"), (("risk", "list", "more"), "too many"),
    (("risk", "list", "-Z"), "-Z"), (("-o", "xml", "risk", "list"), "--output"), (("serve", "--detail", "x"), "--detail"),
    (("risk", "show"), "ID"), (("--lang", "fr", "risk", "list"), "--lang"), (("--log-level", "loud", "risk", "list"), "--log-level"),
    (("detect", "x"), "--format"), (("admin", "init"), "--store"), (("completion", "tcsh"), "bash")])
def test_usage_errors_exit_2_and_help(merlon, args, says):
    done = merlon(*args)
    assert done.returncode == 2 and says in done.stderr and done.stdout == "", done.stderr


def test_no_command_shows_the_overview_on_stderr(merlon):
    done = merlon(endpoint=False)
    assert done.returncode == 2 and "risk list" in done.stderr and done.stdout == ""


def test_version_and_help(merlon):
    assert merlon("--version").stdout.startswith("merlon ")
    assert json.loads(merlon("-o", "json", "version").stdout)["name"] == "merlon"
    for args in (("help",), ("--help",), ("help", "risk")):
        assert "risk handle" in merlon(*args).stdout
    assert "--dry-run" in merlon("risk", "handle", "--help").stdout
    assert "处置" in merlon("--lang", "zh", "help").stdout
    assert "处置" in merlon("help", env={"LANG": "zh_CN.UTF-8"}).stdout
    assert merlon("help", "nothing").returncode == 2
    for command in ("scan", "collect", "check results"):
        assert merlon("help", *command.split()).stdout.count("-o, --output") == 1


def test_bash_completion_knows_the_commands(merlon, tmp_path):
    script = merlon("completion", "bash").stdout
    (tmp_path / "c.bash").write_text(script)
    run = "source %s; COMP_WORDS=(merlon risk ''); COMP_CWORD=2; _merlon; echo ${COMPREPLY[@]}" % (tmp_path / "c.bash")
    done = subprocess.run(["bash", "-c", run], capture_output=True, text=True, timeout=20)
    assert done.stdout.split() == ["handle", "list", "policy", "show", "summary"], done.stderr
    assert "complete -c merlon" in merlon("completion", "fish").stdout
    assert merlon("completion", "zsh").stdout.startswith("#compdef merlon")


def complete(tmp_path, merlon, *words):
    (tmp_path / "c.bash").write_text(merlon("completion", "bash").stdout)
    run = f"source {tmp_path}/c.bash; COMP_WORDS=({' '.join(repr(w) for w in words)}); COMP_CWORD={len(words) - 1}; _merlon; echo ${{COMPREPLY[@]}}"
    return subprocess.run(["bash", "-c", run], capture_output=True, text=True, timeout=20).stdout.split()


def test_completion_offers_the_options_of_the_command_once(merlon, tmp_path):
    assert "results" in complete(tmp_path, merlon, "merlon", "check", "")
    for words, own, foreign in (("check results", "--status", "--since"), ("collect", "--policy", "--status"), ("risk list", "--until", "--fail-on"),
                                ("scan", "--fail-on", "--detail")):
        offered = complete(tmp_path, merlon, "merlon", *words.split(), "--")
        assert own in offered and "--output" in offered and foreign not in offered and len(offered) == len(set(offered))
    fish = merlon("completion", "fish").stdout
    assert "an account\\'s configuration" in fish and "-a 'check'\n" in fish and all(line.count("'") % 2 == 0 for line in fish.replace("\\'", "").splitlines())


def test_double_dash_ends_options(merlon, cloud):
    done = merlon("risk", "show", "--", "-5")
    assert done.returncode == 2 and "not a risk id" in done.stderr


def test_doctor_finds_and_tells(merlon):
    done = merlon("-o", "json", "doctor")
    rows = {r["check"]: r["result"] for r in json.loads(done.stdout)["items"]}
    assert done.returncode == 0 and rows["endpoint"] == "ok" and rows["clock"] == "ok"
    done = merlon("--endpoint", "http://127.0.0.1:1", "-o", "json", "doctor", endpoint=False)
    rows = {r["check"]: r["result"] for r in json.loads(done.stdout)["items"]}
    assert done.returncode == 1 and rows["endpoint"] == "problem"
