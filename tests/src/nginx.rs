//! The real nginx as a process, from a configuration of the caller's. Everything it writes is in a home of its own.

use std::net::{SocketAddr, TcpListener};
use std::ops::Range;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicU16, Ordering};

use tokio::net::TcpStream;

use crate::process::{Home, Process};

/// Below those that Linux, macOS and Windows give to whoever asks for any.
const PORTS: Range<u16> = 12_000..32_000;

/// A running nginx. Ends with it.
#[derive(Debug)]
pub struct Nginx {
    process: Process,
    home: Home,
    at: SocketAddr,
}

impl Nginx {
    /// An address that is free now, for port 0 with a port: nginx cannot be asked for one, and what stands behind it must know
    /// it before. It is none that the system gives to whoever asks it for any, so nobody else is given it meanwhile.
    ///
    /// # Panics
    /// When the address is none, or no port is free.
    pub fn free(address: &str) -> SocketAddr {
        static NEXT: AtomicU16 = AtomicU16::new(0);
        let mut address: SocketAddr = address.parse().expect("an address");
        if address.port() == 0 {
            // Test processes that run beside each other begin elsewhere.
            let begin = u16::try_from(std::process::id() % 200).expect("small") * 100;
            let mut ports = std::iter::repeat_with(|| NEXT.fetch_add(1, Ordering::Relaxed))
                .take(PORTS.len())
                .map(|next| PORTS.start + begin.wrapping_add(next) % (PORTS.end - PORTS.start));
            let port = ports.find(|port| TcpListener::bind(("0.0.0.0", *port)).is_ok());
            address.set_port(port.expect("a free port"));
        }
        address
    }

    /// Whether it is installed; said in one line where it is not. With `CI=true` it must be.
    ///
    /// # Panics
    /// When it is not installed and `CI=true`.
    pub fn is_installed() -> bool {
        let installed = program().is_some();
        if !installed {
            crate::postgres::missing("nginx");
        }
        installed
    }

    /// Starts it with what belongs inside of `http { }`, and waits until `at` answers.
    ///
    /// # Panics
    /// When it is not installed, or does not start.
    pub async fn start(at: SocketAddr, http: &str) -> Self {
        let home = Home::new();
        let file = home.path().join("nginx.conf");
        std::fs::write(&file, configuration(http)).expect("a file");
        let program = program().expect("nginx is installed");
        let mut command = home.command(&program);
        command
            .arg("-p")
            .arg(home.path())
            .arg("-c")
            .arg(&file)
            .stdin(Stdio::null())
            .stdout(Stdio::null());
        let mut process = Process::spawn("nginx", &mut command);
        let up = async {
            while TcpStream::connect(at).await.is_err() {
                tokio::task::yield_now().await;
            }
        };
        if tokio::time::timeout(crate::PATIENCE, up).await.is_err() {
            process.kill();
            panic!("nginx does not start:\n{}", process.stderr());
        }
        Self { process, home, at }
    }

    /// Its origin.
    pub fn url(&self) -> String {
        format!("http://{}", self.at)
    }

    /// What it logged so far: every log file, then standard error.
    pub fn log(&self) -> String {
        let mut files: Vec<_> = std::fs::read_dir(self.home.path())
            .expect("its home")
            .map(|entry| entry.expect("an entry").path())
            .filter(|path| path.extension().is_some_and(|extension| extension == "log"))
            .collect();
        files.sort();
        let logged = files
            .iter()
            .map(|path| std::fs::read_to_string(path).expect("a log"));
        logged.chain([self.process.stderr()]).collect()
    }
}

impl Drop for Nginx {
    fn drop(&mut self) {
        self.process.kill();
    }
}

fn program() -> Option<PathBuf> {
    [
        "/usr/sbin/nginx",
        "/usr/local/sbin/nginx",
        "/opt/homebrew/bin/nginx",
    ]
    .map(PathBuf::from)
    .into_iter()
    .find(|path| Command::new(path).arg("-v").output().is_ok())
}

fn configuration(http: &str) -> String {
    format!(
        "daemon off;
master_process off;
pid nginx.pid;
error_log stderr warn;
events {{ worker_connections 4096; }}
http {{
    access_log access.log;
    client_body_temp_path body;
    proxy_temp_path proxy;
    fastcgi_temp_path fastcgi;
    uwsgi_temp_path uwsgi;
    scgi_temp_path scgi;
{http}
}}
"
    )
}
