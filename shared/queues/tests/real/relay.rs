//! What a read costs, counted from outside.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering};
use std::thread;

use crate::world::RedisServer;

/// A relay in front of a server that counts how often the talk turns from server to client and back, and what it answers.
pub(crate) struct Relay {
    pub(crate) port: u16,
    connections: Arc<AtomicU32>,
    round_trips: Arc<AtomicU32>,
    bytes: Arc<AtomicU64>,
    /// After so many round trips the server falls silent.
    silent_after: Arc<AtomicU32>,
}

impl Relay {
    /// The threads end with the connections that they serve.
    pub(crate) fn before(server: &RedisServer) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).expect("loopback has a free port");
        let port = listener.local_addr().expect("it is bound").port();
        let relay = Self {
            port,
            connections: Arc::default(),
            round_trips: Arc::default(),
            bytes: Arc::default(),
            silent_after: Arc::new(AtomicU32::new(u32::MAX)),
        };
        let (connections, round_trips) = (Arc::clone(&relay.connections), Arc::clone(&relay.round_trips));
        let (bytes, silent_after) = (Arc::clone(&relay.bytes), Arc::clone(&relay.silent_after));
        let target = server.port;
        thread::spawn(move || {
            for client in listener.incoming().flatten() {
                connections.fetch_add(1, Ordering::SeqCst);
                let server = TcpStream::connect(("127.0.0.1", target)).expect("our server listens");
                let clients_turn = Arc::new(AtomicBool::new(true));
                let (turn, count, last) =
                    (Arc::clone(&clients_turn), Arc::clone(&round_trips), Arc::clone(&silent_after));
                pass(&client, &server, move |_| {
                    if turn.swap(false, Ordering::SeqCst) {
                        count.fetch_add(1, Ordering::SeqCst);
                    }
                    count.load(Ordering::SeqCst) <= last.load(Ordering::SeqCst)
                });
                let bytes = Arc::clone(&bytes);
                pass(&server, &client, move |piece| {
                    clients_turn.store(true, Ordering::SeqCst);
                    bytes.fetch_add(piece, Ordering::SeqCst);
                    true
                });
            }
        });
        relay
    }

    /// Lets the server answer so many round trips more, and then fall silent.
    pub(crate) fn silence_after(&self, more: u32) {
        self.silent_after.store(self.counted().1.saturating_add(more), Ordering::SeqCst);
    }

    /// Connections and round trips.
    pub(crate) fn counted(&self) -> (u32, u32) {
        (self.connections.load(Ordering::SeqCst), self.round_trips.load(Ordering::SeqCst))
    }

    /// What the server answered.
    pub(crate) fn bytes(&self) -> u64 {
        self.bytes.load(Ordering::SeqCst)
    }
}

/// Passes bytes on in one direction; `each` gets the size of each piece before, and says whether it is passed on.
fn pass(from: &TcpStream, to: &TcpStream, each: impl Fn(u64) -> bool + Send + 'static) {
    let mut from = from.try_clone().expect("a socket can be shared");
    let mut to = to.try_clone().expect("a socket can be shared");
    thread::spawn(move || {
        let mut piece = vec![0; 1 << 20];
        while let Ok(read @ 1..) = from.read(&mut piece) {
            let passes = each(u64::try_from(read).expect("a piece is small"));
            if passes && to.write_all(&piece[..read]).is_err() {
                break;
            }
        }
        let _ = to.shutdown(std::net::Shutdown::Both);
    });
}
