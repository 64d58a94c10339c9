"""A MariaDB server of one's own with the server_audit plugin: private folder, loopback port, bounded in time, stopped by its id."""
import os
import pwd
import shutil
import socket
import subprocess
import tempfile
import time

START_S, STOP_S, STATEMENT_S = 60, 30, 30
UNPRIVILEGED = "nobody"


def binary(name):
    return shutil.which(name, path=os.environ.get("PATH", "") + ":/usr/sbin:/usr/bin")


def missing():
    """What is not installed here, or None."""
    absent = [name for name in ("mariadbd", "mariadb-install-db", "mariadb") if binary(name) is None]
    return f"{', '.join(absent)} not installed (package mariadb-server)" if absent else None


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


class MariaDB:
    def __init__(self):
        self.folder = tempfile.mkdtemp(prefix="merlon-mariadb-")
        os.chmod(self.folder, 0o700)
        self.data, self.audit_log = os.path.join(self.folder, "data"), os.path.join(self.folder, "server_audit.log")
        self.socket, self.error_log = os.path.join(self.folder, "s"), os.path.join(self.folder, "error.log")
        self.port, self.process = free_port(), None
        self.account = {}
        if os.geteuid() == 0:
            entry = pwd.getpwnam(UNPRIVILEGED)
            os.chown(self.folder, entry.pw_uid, entry.pw_gid)
            self.account = {"user": entry.pw_uid, "group": entry.pw_gid, "extra_groups": []}
        self.environment = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "HOME": self.folder, "LANG": "C.UTF-8", "TZ": "UTC"}

    def run(self, *args, check=True, **kw):
        return subprocess.run(args, check=check, stdin=subprocess.DEVNULL, capture_output=True, env=self.environment,
                              cwd=self.folder, **self.account, **kw)

    def start(self):
        self.run(binary("mariadb-install-db"), "--no-defaults", f"--datadir={self.data}", "--auth-root-authentication-method=normal",
                 "--skip-test-db", "--skip-name-resolve", timeout=START_S)
        options = [f"--datadir={self.data}", f"--socket={self.socket}", f"--port={self.port}", "--bind-address=127.0.0.1",
                   f"--log-error={self.error_log}", f"--pid-file={self.folder}/pid", "--skip-name-resolve", "--local-infile=0",
                   f"--secure-file-priv={self.folder}", "--innodb-buffer-pool-size=32M", "--innodb-log-file-size=8M",
                   "--performance-schema=OFF", "--plugin-load-add=server_audit", "--server-audit-logging=ON",
                   "--server-audit-output-type=file", f"--server-audit-file-path={self.audit_log}"]
        self.process = subprocess.Popen([binary("mariadbd"), "--no-defaults", *options], stdin=subprocess.DEVNULL,
                                        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=self.environment, cwd=self.folder,
                                        **self.account)
        deadline = time.monotonic() + START_S
        while time.monotonic() < deadline and self.process.poll() is None:
            if os.path.exists(self.socket) and self.sql("SELECT 1", check=False).returncode == 0:
                return self
            time.sleep(0.1)
        with open(self.error_log, encoding="utf-8", errors="replace") as f:
            raise AssertionError("MariaDB did not start:\n" + f.read()[-3000:])

    def sql(self, text, user="root", password="", host=None, database="", check=True):
        """Runs one statement, as the client sends it (comments are kept)."""
        where = [f"--host={host}", f"--port={self.port}", "--protocol=tcp"] if host else [f"--socket={self.socket}"]
        done = self.run(binary("mariadb"), "--no-defaults", *where, f"--user={user}", f"--password={password}", "--comments",
                        "--default-character-set=utf8mb4", f"--database={database}", "--execute", text, check=False,
                        timeout=STATEMENT_S)
        assert done.returncode == 0 or not check, done.stderr.decode(errors="replace")
        return done

    def stop(self):
        if self.process is not None and self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(STOP_S)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        shutil.rmtree(self.folder, ignore_errors=True)
