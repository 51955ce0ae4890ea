//! What a look costs, counted from outside.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering};
use std::thread;

use crate::world::Server;

/// A relay in front of a server that counts how often the talk turns from server to client and back, and what it answers.
pub(crate) struct Relay {
    pub(crate) port: u16,
    connections: Arc<AtomicU32>,
    round_trips: Arc<AtomicU32>,
    bytes: Arc<AtomicU64>,
}

impl Relay {
    /// The threads end with the connections that they serve.
    pub(crate) fn before(server: &Server) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).expect("loopback has a free port");
        let port = listener.local_addr().expect("it is bound").port();
        let relay =
            Self { port, connections: Arc::default(), round_trips: Arc::default(), bytes: Arc::default() };
        let (connections, round_trips) = (Arc::clone(&relay.connections), Arc::clone(&relay.round_trips));
        let bytes = Arc::clone(&relay.bytes);
        let target = server.port;
        thread::spawn(move || {
            for client in listener.incoming().flatten() {
                connections.fetch_add(1, Ordering::SeqCst);
                let server = TcpStream::connect(("127.0.0.1", target)).expect("our server listens");
                Self::connect(&client, &server, &round_trips, &bytes);
            }
        });
        relay
    }

    fn connect(client: &TcpStream, server: &TcpStream, round_trips: &Arc<AtomicU32>, bytes: &Arc<AtomicU64>) {
        let clients_turn = Arc::new(AtomicBool::new(true));
        let (turn, count) = (Arc::clone(&clients_turn), Arc::clone(round_trips));
        let bytes = Arc::clone(bytes);
        pass(client, server, move |_| {
            if turn.swap(false, Ordering::SeqCst) {
                count.fetch_add(1, Ordering::SeqCst);
            }
        });
        pass(server, client, move |piece| {
            clients_turn.store(true, Ordering::SeqCst);
            bytes.fetch_add(piece, Ordering::SeqCst);
        });
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

/// Passes bytes on in one direction; `each` is told the size of each piece before.
fn pass(from: &TcpStream, to: &TcpStream, each: impl Fn(u64) + Send + 'static) {
    let mut from = from.try_clone().expect("a socket can be shared");
    let mut to = to.try_clone().expect("a socket can be shared");
    thread::spawn(move || {
        let mut piece = vec![0; 1 << 20];
        while let Ok(read @ 1..) = from.read(&mut piece) {
            each(u64::try_from(read).expect("a piece is small"));
            if to.write_all(&piece[..read]).is_err() {
                break;
            }
        }
        let _ = to.shutdown(std::net::Shutdown::Both);
    });
}
