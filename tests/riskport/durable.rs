//! No reply leaves before what it says is synced. `kill -9` cannot show this, for the kernel keeps what a process wrote; the
//! system calls do: strace writes all of them down in the order in which they came.

use std::{
    collections::{BTreeMap, HashSet},
    fs,
    io::Write,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::Arc,
    time::Duration,
};

use riskport::{
    cli::client::Signer, rpc::proto::credit::credit_score_service_client::CreditScoreServiceClient, store::Database,
};
use tokio::task::JoinSet;
use tonic::{service::interceptor::InterceptedService, transport::Channel};

use crate::support::{
    World, applicant,
    cluster::processes,
    command::folder,
    platform::{Partner, Platform},
    process::{Process, send_signal},
    times,
};

const CALLERS: usize = 6;
/// Calls of each caller, unless `RISKPORT_TEST_SYNCED` asks for more.
const CALLS: usize = 20;
/// Enough for a whole request and a whole reply.
const LONGEST: &str = "16384";

/// strace on some processes; it lets go of them when this is dropped.
struct Traced {
    strace: Child,
    log: PathBuf,
}

impl Traced {
    /// Attaches to processes with all their threads, or says in a line why not.
    fn attach(pids: &[u32], log: PathBuf) -> Option<Self> {
        let mut command = Command::new("strace");
        command.args([
            "-f",
            "-yy",
            "-s",
            LONGEST,
            "-e",
            "trace=fdatasync,fsync,sendto,sendmsg,writev,write,recvfrom,read,readv",
        ]);
        command.arg("-o").arg(&log);
        for pid in pids {
            command.args(["-p", &pid.to_string()]);
        }
        let started = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn();
        let mut traced = match started {
            Ok(strace) => Self { strace, log },
            Err(why) => {
                skipped(&format!("no strace: {why}"));
                return None;
            }
        };
        for _ in 0..500 {
            if pids.iter().all(|pid| is_traced(*pid)) {
                return Some(traced);
            }
            if traced.strace.try_wait().unwrap().is_some() {
                break;
            }
            std::thread::sleep(Duration::from_millis(10));
        }
        skipped("strace may not look at other processes here");
        None
    }

    /// Lets go, and gives what was written down.
    fn finish(mut self) -> String {
        send_signal(self.strace.id(), "INT");
        self.strace.wait().unwrap();
        String::from_utf8_lossy(&fs::read(&self.log).unwrap()).into_owned()
    }
}

impl Drop for Traced {
    fn drop(&mut self) {
        let _ = self.strace.kill();
        let _ = self.strace.wait();
    }
}

fn skipped(why: &str) {
    let _ = writeln!(std::io::stderr(), "SKIPPED (no system calls to look at): {why}");
}

/// Whether every thread of a process is traced.
fn is_traced(pid: u32) -> bool {
    let threads = fs::read_dir(format!("/proc/{pid}/task")).into_iter().flatten().flatten();
    threads.map(|thread| fs::read_to_string(thread.path().join("status")).unwrap_or_default()).all(|status| {
        let tracer = status.lines().find_map(|line| line.strip_prefix("TracerPid:"));
        tracer.is_some_and(|tracer| tracer.trim() != "0")
    })
}

/// The processes of the PostgreSQL server that a database lives on, if it runs here.
async fn server_processes(world: &World) -> Option<Vec<u32>> {
    let folder = world.raw().await.texts("SHOW data_directory").await.pop().unwrap();
    let pids = processes(Path::new(&folder));
    if pids.is_none() {
        skipped("PostgreSQL runs elsewhere");
    }
    pids
}

/// Scores one after the other, and tells under which id each request got which decision.
async fn score(process_url: String, partner: Partner, caller: usize, calls: usize) -> Vec<(String, String)> {
    let channel = Channel::from_shared(process_url).unwrap().connect().await.unwrap();
    let signer = Signer::new(Arc::clone(&partner.key), &partner.id, "riskport");
    let mut client = CreditScoreServiceClient::new(InterceptedService::new(channel, signer));
    let mut made = Vec::new();
    for at in 0..calls {
        let id = format!("synced-{caller}-{at}-before-it-is-answered");
        let answer = client.score_credit(applicant::request(&id, at)).await.unwrap().into_inner();
        made.push((id, answer.decision));
    }
    made
}

/// A system call, and at which lines of the order of all calls it began and was done.
struct Call {
    begun: usize,
    done: usize,
    text: String,
}

impl Call {
    fn is(&self, names: &[&str]) -> bool {
        names.iter().any(|name| self.text.strip_prefix(name).is_some_and(|rest| rest.starts_with('(')))
    }
}

/// Puts calls together that another thread's came in the middle of.
fn calls(log: &str) -> Vec<Call> {
    let mut unfinished: BTreeMap<&str, (usize, &str)> = BTreeMap::new();
    let mut calls = Vec::new();
    for (at, line) in log.lines().enumerate() {
        let (pid, text) = line.split_once(' ').unwrap_or_default();
        let text = text.trim_start();
        if let Some(start) = text.strip_suffix("<unfinished ...>") {
            unfinished.insert(pid, (at, start));
        } else if let Some((_, end)) = text.strip_prefix("<... ").and_then(|rest| rest.split_once(" resumed>")) {
            let (begun, start) = unfinished.remove(pid).unwrap_or((at, ""));
            calls.push(Call { begun, done: at, text: format!("{start}{end}") });
        } else {
            calls.push(Call { begun: at, done: at, text: text.to_owned() });
        }
    }
    calls
}

on_both!(no_reply_leaves_before_its_commit_is_synced, async |world| {
    let platform = Platform::start(world).await;
    let bank = platform.onboard("north-bank").await;
    let folder_of_key = platform.stop().await;
    let process = Process::start(&world.database, &folder_of_key.path().join("master.key"));
    let (mut pids, is_log): (_, fn(&str) -> bool) = match &world.database {
        Database::Sqlite(_) => (Vec::new(), |call| call.contains("riskport.db-wal")),
        Database::Postgres(_) => {
            let Some(pids) = server_processes(world).await else { return };
            (pids, |call| call.contains("pg_wal"))
        }
    };
    pids.push(process.id());
    let files = folder();
    let Some(traced) = Traced::attach(&pids, files.path().join("calls")) else { return };
    let each = times("RISKPORT_TEST_SYNCED", CALLS);
    let mut callers = JoinSet::new();
    for caller in 0..CALLERS {
        callers.spawn(score(process.url.clone(), bank.clone(), caller, each));
    }
    let made = callers.join_all().await.concat();
    let log = traced.finish();
    let (calls, client) = (calls(&log), format!("{}->", process.url.trim_start_matches("http://")));
    let syncs: Vec<&Call> = calls
        .iter()
        .filter(|call| call.is(&["fdatasync", "fsync"]) && is_log(&call.text) && call.text.ends_with("= 0"))
        .collect();
    // What goes over the server's own socket, from and to its clients.
    let at_the_door: Vec<&Call> = calls.iter().filter(|call| call.text.contains(&client)).collect();
    let first = |names: &[&str], text: &str| {
        let found = at_the_door.iter().find(|call| call.is(names) && call.text.contains(text));
        *found.unwrap_or_else(|| panic!("{text} did not go through the door"))
    };
    let mut used: HashSet<(usize, usize)> = HashSet::new();
    for (id, decision) in &made {
        let asked = first(&["recvfrom", "read", "readv"], id).done;
        let answered = first(&["writev", "write", "sendto", "sendmsg"], decision).begun;
        let synced = syncs.iter().find(|sync| asked < sync.begun && sync.done < answered);
        assert!(synced.is_some(), "{id}, asked at line {asked}, was answered at line {answered} before any sync");
        used.extend(synced.map(|sync| (sync.begun, sync.done)));
    }
    println!("{:?}: {} replies, each after a sync of its own commit: {} syncs", world.database, made.len(), used.len());
});
