//! A PostgreSQL of this test process's own: started at the first use, gone when the process ends, however it ends.
//!
//! Listens on a socket in a private directory and on no port. Nothing outside the directory is read or written.

use std::io::{BufRead as _, BufReader, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Output, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Mutex, OnceLock, PoisonError};

/// Starts a cluster in `$1` with the programs in `$2`, and ends it with its own standard input: the pipe closes when its
/// owner dies, also by SIGKILL. It is a test's data, so nothing waits for the disk.
const KEEPER: &str = r#"
set -e
mkdir -m 700 "$1/data" "$1/socket"
"$2/initdb" --pgdata="$1/data" --username=postgres --auth=trust --encoding=UTF8 --locale=C --no-sync >"$1/log" 2>&1
"$2/postgres" -D "$1/data" -k "$1/socket" -c listen_addresses= -c fsync=off -c full_page_writes=off \
    -c max_connections=500 -c shared_buffers=64MB >>"$1/log" 2>&1 &
server=$!
until "$2/pg_isready" --quiet --host="$1/socket"; do
    kill -0 $server || { cat "$1/log" >&2; exit 1; }
    sleep 0.05
done
echo ready
cat >/dev/null
kill -INT $server
wait $server || true
rm -rf "$1"
"#;

/// A database of its own.
#[derive(Debug, Clone)]
pub struct Postgres {
    cluster: &'static Cluster,
    name: String,
}

impl Postgres {
    /// An empty database; `None`, said in one line, where PostgreSQL is not installed. With `CI=true` it must be.
    ///
    /// # Panics
    /// When PostgreSQL does not start, or is not installed and `CI=true`.
    pub fn new() -> Option<Self> {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let cluster = Cluster::shared()?;
        let name = format!("test_{}", NUMBER.fetch_add(1, Ordering::Relaxed));
        cluster.run("createdb", &[&name]);
        Some(Self { cluster, name })
    }

    /// As `--database` takes it.
    pub fn url(&self) -> String {
        format!(
            "postgres:///{}?host={}&user=postgres",
            self.name,
            self.cluster.socket().display()
        )
    }

    /// Runs SQL, and gives its rows as text: one a line, columns between `|`.
    ///
    /// # Panics
    /// When it fails.
    pub fn sql(&self, sql: &str) -> String {
        let arguments = [
            "--no-psqlrc",
            "--quiet",
            "--tuples-only",
            "--no-align",
            "--command",
            sql,
        ];
        self.cluster
            .run("psql", &[&arguments[..], &["--dbname", &self.name]].concat())
            .trim()
            .to_owned()
    }

    /// All that the database holds, as text; a `bytea` in `escape` format, so that what can be read in it can be found.
    ///
    /// # Panics
    /// When it fails.
    pub fn dump(&self) -> String {
        self.sql(&format!(
            "ALTER DATABASE {} SET bytea_output = 'escape'",
            self.name
        ));
        self.cluster.run("pg_dump", &["--data-only", &self.name])
    }
}

#[derive(Debug)]
struct Cluster {
    directory: PathBuf,
    programs: PathBuf,
    /// Closing it ends the cluster.
    _keeper: Mutex<(Child, ChildStdin)>,
}

impl Cluster {
    fn shared() -> Option<&'static Self> {
        static CLUSTER: OnceLock<Option<Cluster>> = OnceLock::new();
        CLUSTER.get_or_init(Self::start).as_ref()
    }

    fn start() -> Option<Self> {
        let Some(programs) = programs() else {
            missing("PostgreSQL");
            return None;
        };
        // Not a `TempDir`: statics are not dropped, and its keeper removes it.
        let directory = tempfile::Builder::new()
            .prefix("codestream-postgres-")
            .tempdir()
            .expect("a temporary directory")
            .keep();
        let mut keeper = Command::new("sh");
        keeper
            .args(["-c", KEEPER, "keeper"])
            .arg(&directory)
            .arg(&programs)
            .current_dir(&directory)
            .env("LC_ALL", "C")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::inherit());
        as_nobody(&mut keeper, &directory);
        let mut keeper = keeper.spawn().expect("sh starts");
        let stdin = keeper.stdin.take().expect("standard input is piped");
        let stdout = keeper.stdout.take().expect("standard output is piped");
        let mut line = String::new();
        BufReader::new(stdout).read_line(&mut line).expect("it speaks");
        assert_eq!(line.trim(), "ready", "PostgreSQL does not start");
        Some(Self {
            directory,
            programs,
            _keeper: Mutex::new((keeper, stdin)),
        })
    }

    fn socket(&self) -> PathBuf {
        self.directory.join("socket")
    }

    fn run(&self, program: &str, arguments: &[&str]) -> String {
        // `CREATE DATABASE` copies a template that must have no other user meanwhile.
        static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());
        let _guard = ONE_AT_A_TIME.lock().unwrap_or_else(PoisonError::into_inner);
        let Output {
            status,
            stdout,
            stderr,
        } = Command::new(self.programs.join(program))
            .arg("--host")
            .arg(self.socket())
            .args(["--username", "postgres"])
            .args(arguments)
            .stdin(Stdio::null())
            .output()
            .expect("PostgreSQL's programs start");
        assert!(
            status.success(),
            "{program} {arguments:?}: {}",
            String::from_utf8_lossy(&stderr)
        );
        String::from_utf8_lossy(&stdout).into_owned()
    }
}

/// Says in one line that tests are skipped for want of `program`.
///
/// # Panics
/// When `CI=true`: there, nothing is skipped.
#[expect(
    clippy::disallowed_methods,
    reason = "whether this is CI is the environment's to say"
)]
pub(crate) fn missing(program: &str) {
    assert!(
        std::env::var_os("CI").is_none_or(|ci| ci != "true"),
        "{program} is not installed"
    );
    // Past the capture of the test runner, which shows nothing of a test that passes.
    let _ = writeln!(
        std::io::stderr(),
        "{program} is not installed: its tests are skipped"
    );
}

/// Where PostgreSQL's programs are: on the path, or where Debian puts its newest version.
#[expect(
    clippy::disallowed_methods,
    reason = "where programs are is the environment's to say"
)]
fn programs() -> Option<PathBuf> {
    let on_path = std::env::var_os("PATH").unwrap_or_default();
    let debian = std::fs::read_dir("/usr/lib/postgresql").into_iter().flatten();
    let mut versions: Vec<PathBuf> = debian
        .flatten()
        .map(|version| version.path().join("bin"))
        .collect();
    versions.sort();
    versions
        .into_iter()
        .rev()
        .chain(std::env::split_paths(&on_path))
        .find(|dir| dir.join("postgres").is_file() && dir.join("initdb").is_file())
}

/// PostgreSQL refuses to run as root: then it runs as its own user, or as nobody.
#[cfg(unix)]
fn as_nobody(command: &mut Command, directory: &Path) {
    use std::os::unix::process::CommandExt as _;
    if !rustix::process::geteuid().is_root() {
        return;
    }
    let users = std::fs::read_to_string("/etc/passwd").expect("there are users");
    let id = |name: &str| {
        let line = users.lines().find(|line| line.split(':').next() == Some(name))?;
        let mut fields = line.split(':').skip(2);
        Some((fields.next()?.parse().ok()?, fields.next()?.parse().ok()?))
    };
    let (user, group): (u32, u32) = id("postgres")
        .or_else(|| id("nobody"))
        .expect("a user that is not root");
    std::os::unix::fs::chown(directory, Some(user), Some(group)).expect("root may give a directory away");
    command.uid(user).gid(group);
}

#[cfg(not(unix))]
fn as_nobody(_: &mut Command, _: &Path) {}
