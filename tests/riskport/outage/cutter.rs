//! A wire between a server and its database that can be cut, held, or let nobody through.

use std::{
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    sync::watch,
};

/// What the wire does with what goes over it.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Wire {
    Whole,
    /// Nothing gets through, and nobody is told.
    Held,
}

pub struct Cutter {
    /// Where it listens in place of the database.
    pub address: SocketAddr,
    wire: watch::Sender<Wire>,
    /// Counts cuts; a connection that is older than the last one ends.
    cuts: watch::Sender<u64>,
    refuses: Arc<AtomicBool>,
}

impl Cutter {
    /// Stands before a database.
    pub async fn before(database: SocketAddr) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (wire, cuts, refuses) =
            (watch::Sender::new(Wire::Whole), watch::Sender::new(0), Arc::new(AtomicBool::new(false)));
        let (of_wire, of_cuts, shut) = (wire.subscribe(), cuts.subscribe(), Arc::clone(&refuses));
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                if !shut.load(Ordering::Relaxed) {
                    tokio::spawn(join(client, database, of_wire.clone(), of_cuts.clone()));
                }
            }
        });
        Self { address, wire, cuts, refuses }
    }

    /// Cuts every connection, in the middle of whatever goes over it.
    pub fn cut(&self) {
        self.cuts.send_modify(|cuts| *cuts += 1);
    }

    /// Cuts every connection, and lets no new one through for a while.
    pub async fn cut_off(&self, time: Duration) {
        self.refuses.store(true, Ordering::Relaxed);
        self.cut();
        tokio::time::sleep(time).await;
        self.refuses.store(false, Ordering::Relaxed);
    }

    /// Holds everything back for a while, and then lets it go on.
    pub async fn hold(&self, time: Duration) {
        self.wire.send_replace(Wire::Held);
        tokio::time::sleep(time).await;
        self.wire.send_replace(Wire::Whole);
    }
}

async fn join(client: TcpStream, database: SocketAddr, wire: watch::Receiver<Wire>, mut cuts: watch::Receiver<u64>) {
    cuts.mark_unchanged();
    let Ok(server) = TcpStream::connect(database).await else { return };
    let (from_client, to_client) = client.into_split();
    let (from_server, to_server) = server.into_split();
    tokio::select! {
        () = carry(from_client, to_server, wire.clone()) => {}
        () = carry(from_server, to_client, wire) => {}
        _ = cuts.changed() => {}
    }
}

async fn carry(
    mut from: tokio::net::tcp::OwnedReadHalf,
    mut to: tokio::net::tcp::OwnedWriteHalf,
    mut wire: watch::Receiver<Wire>,
) {
    let mut buffer = vec![0; 64 * 1024];
    loop {
        let Ok(length @ 1..) = from.read(&mut buffer).await else { return };
        if wire.wait_for(|wire| *wire == Wire::Whole).await.is_err() || to.write_all(&buffer[..length]).await.is_err() {
            return;
        }
    }
}
