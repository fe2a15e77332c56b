//! A real server of the MySQL family: MySQL, or one of two releases of MariaDB.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicU32, Ordering};

use rustix::process::Signal;
use tempfile::TempDir;
use tokio::sync::OnceCell;

use super::process::{ServerProcess, script};
use super::product::{MysqlOptions, Product};

static SHARED: [OnceCell<MysqlServer>; 3] = [const { OnceCell::const_new() }; 3];
static DATABASES: AtomicU32 = AtomicU32::new(0);

/// A running server on 127.0.0.1 with an empty binlog history and the user `root` without a password. It and its
/// data are gone when the handle is dropped or the test binary ends, however it ends.
#[derive(Debug)]
pub struct MysqlServer {
    process: ServerProcess,
    options: MysqlOptions,
    port: u16,
    version: String,
    dir: TempDir,
}

#[derive(Debug, serde::Deserialize)]
struct MysqlReady {
    version: String,
}

impl MysqlServer {
    /// Starts a server of its own: about a second. Panics when it cannot be had.
    pub async fn start(options: MysqlOptions) -> Self {
        let dir = tempfile::Builder::new()
            .prefix("conftrail-mysql-")
            .tempdir()
            .expect("make a directory for a server");
        let (process, port, version) = launch(dir.path(), 0, &options).await;
        Self { process, options, port, version, dir }
    }

    /// The one MySQL server that all tests of a binary share ([`MysqlOptions::recommended`]); tests keep apart by
    /// [`MysqlServer::create_database`]. Whoever stops, kills or reconfigures a server starts one of its own.
    pub async fn shared() -> &'static Self {
        Self::shared_of(Product::Mysql).await
    }

    /// As [`MysqlServer::shared`], of any product.
    pub async fn shared_of(product: Product) -> &'static Self {
        let [mysql, mariadb_10, mariadb_11] = &SHARED;
        let shared = match product {
            Product::Mysql => mysql,
            Product::Mariadb10 => mariadb_10,
            Product::Mariadb11 => mariadb_11,
        };
        shared.get_or_init(|| Self::start(MysqlOptions::recommended_of(product))).await
    }

    /// Which server it is.
    pub fn product(&self) -> Product {
        self.options.product
    }

    /// The port on 127.0.0.1; the same after [`MysqlServer::start_again`].
    pub fn port(&self) -> u16 {
        self.port
    }

    /// The server's version, such as `9.7.4` or `10.11.18`.
    pub fn version(&self) -> &str {
        &self.version
    }

    /// `mysql://USER:PASSWORD@127.0.0.1:PORT`, without the colon when the password is empty.
    pub fn url(&self, user: &str, password: &str) -> String {
        let colon = if password.is_empty() { "" } else { ":" };
        format!("mysql://{user}{colon}{password}@127.0.0.1:{}", self.port)
    }

    /// The directory of the binlogs (`binlog.000001`, …) and of the server's own certificates (`ca.pem`, …).
    pub fn data_dir(&self) -> PathBuf {
        self.dir.path().join("data")
    }

    /// Runs statements as `root`, in one session without a default database. Returns the rows of all results, columns as
    /// text, NULL as `NULL`. Panics with the server's message when a statement fails.
    pub async fn query(&self, sql: &str) -> Vec<Vec<String>> {
        self.try_query(sql).await.unwrap_or_else(|message| panic!("the statement failed: {message}"))
    }

    /// As [`MysqlServer::query`]; returns the message of the client when a statement fails.
    pub async fn try_query(&self, sql: &str) -> Result<Vec<Vec<String>>, String> {
        let arguments = [
            "--batch",
            "--skip-column-names",
            "--comments",
            "--default-character-set=utf8mb4",
            "--host=127.0.0.1",
            "--user=root",
        ];
        let mut command = Command::new(script(self.options.product.script()));
        command
            .arg("client")
            .args(arguments)
            .arg(format!("--port={}", self.port))
            .arg(format!("--execute={sql}"));
        let text = output_of(command).await?;
        Ok(text.lines().map(|line| line.split('\t').map(unescape).collect()).collect())
    }

    /// Creates a database that no other test of this binary uses and returns its name.
    pub async fn create_database(&self) -> String {
        let name = format!("t{}", DATABASES.fetch_add(1, Ordering::Relaxed));
        self.query(&format!("CREATE DATABASE {name}")).await;
        name
    }

    /// Creates a login from 127.0.0.1 with these privileges on everything, such as `REPLICATION SLAVE, SELECT`.
    pub async fn create_user(&self, user: &str, password: &str, privileges: &str) {
        self.query(&format!(
            "CREATE USER '{user}'@'127.0.0.1' IDENTIFIED BY '{password}'; GRANT {privileges} ON *.* TO '{user}'@'127.0.0.1'"
        ))
        .await;
    }

    /// Runs the vendor's `mysqlbinlog` (`mariadb-binlog`) and returns what it printed. The arguments name the input: files of
    /// [`MysqlServer::data_dir`], or [`MysqlServer::remote_arguments`] and names.
    pub async fn mysqlbinlog(&self, arguments: &[&str]) -> String {
        String::from_utf8_lossy(&self.mysqlbinlog_bytes(arguments).await).into_owned()
    }

    /// As [`MysqlServer::mysqlbinlog`], with texts as their columns' character sets have them.
    pub async fn mysqlbinlog_bytes(&self, arguments: &[&str]) -> Vec<u8> {
        let mut command = Command::new(script(self.options.product.script()));
        command.arg("mysqlbinlog").args(arguments);
        bytes_of(command).await.unwrap_or_else(|message| panic!("mysqlbinlog failed: {message}"))
    }

    /// Arguments that make a client program talk to this server as `root`.
    pub fn remote_arguments(&self) -> [String; 3] {
        ["--host=127.0.0.1".to_owned(), format!("--port={}", self.port), "--user=root".to_owned()]
    }

    /// Stops the server in an orderly way (about two seconds); the data stay for [`MysqlServer::start_again`].
    pub async fn stop(&mut self) {
        self.process.end_with(Signal::TERM).await;
    }

    /// Kills the server as a power cut would; the data stay for [`MysqlServer::start_again`].
    pub async fn kill_9(&mut self) {
        self.process.end_with(Signal::KILL).await;
    }

    /// Starts the stopped or killed server again, on the same data and port.
    pub async fn start_again(&mut self) {
        let options = self.options.clone();
        self.start_again_with(options).await;
    }

    /// As [`MysqlServer::start_again`], with other arguments.
    pub async fn start_again_with(&mut self, options: MysqlOptions) {
        assert!(!self.process.is_running(), "the server still runs: stop or kill it first");
        (self.process, self.port, self.version) = launch(self.dir.path(), self.port, &options).await;
        self.options = options;
    }

    /// Freezes the server: connections stay open and say nothing.
    pub fn sigstop(&mut self) {
        self.process.signal(Signal::STOP);
    }

    /// Lets a frozen server go on.
    pub fn sigcont(&mut self) {
        self.process.signal(Signal::CONT);
    }
}

async fn launch(dir: &Path, port: u16, options: &MysqlOptions) -> (ServerProcess, u16, String) {
    let product = options.product;
    let mut arguments: Vec<String> = product
        .release()
        .iter()
        .flat_map(|release| ["--release".to_owned(), (*release).to_owned()])
        .collect();
    arguments.extend(["--dir".to_owned(), dir.display().to_string(), "--port".to_owned(), port.to_string()]);
    arguments.extend(["--remove".to_owned(), "--".to_owned()]);
    arguments.extend(options.arguments.iter().cloned());
    let (process, ready) = ServerProcess::start::<MysqlReady>(product.script(), arguments).await;
    (process, ready.port, ready.more.version)
}

/// What the program printed, or its messages when it failed.
async fn output_of(command: Command) -> Result<String, String> {
    bytes_of(command).await.map(|printed| String::from_utf8_lossy(&printed).into_owned())
}

async fn bytes_of(mut command: Command) -> Result<Vec<u8>, String> {
    let output = tokio::task::spawn_blocking(move || command.output())
        .await
        .expect("running a program does not panic")
        .map_err(|error| format!("run the client program: {error}"))?;
    if output.status.success() {
        return Ok(output.stdout);
    }
    Err(String::from_utf8_lossy(&output.stderr).trim().to_owned())
}

/// Undoes the escapes of the client's `--batch` form.
fn unescape(column: &str) -> String {
    let mut text = String::with_capacity(column.len());
    let mut characters = column.chars();
    while let Some(character) = characters.next() {
        match (character, if character == '\\' { characters.next() } else { None }) {
            ('\\', Some('n')) => text.push('\n'),
            ('\\', Some('t')) => text.push('\t'),
            ('\\', Some('0')) => text.push('\0'),
            ('\\', Some(other)) => text.push(other),
            (other, _) => text.push(other),
        }
    }
    text
}
