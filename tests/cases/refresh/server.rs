//! [`PriceListServer`]: an HTTP server with a script: what to answer on each path, and in which order.

use std::{
    collections::BTreeMap,
    io::{BufRead as _, BufReader, Read as _, Write as _},
    net::{TcpListener, TcpStream},
    sync::{Arc, Mutex},
    thread,
};

/// One answer. `promised` is the Content-Length, where it is not the body's.
#[derive(Debug, Clone)]
pub struct Answer {
    status: &'static str,
    body: String,
    promised: Option<usize>,
}

impl Answer {
    pub fn ok(body: impl Into<String>) -> Self {
        Self { status: "200 OK", body: body.into(), promised: None }
    }

    pub fn status(status: &'static str) -> Self {
        Self { status, body: "<html>no</html>".to_owned(), promised: None }
    }

    /// Half of a body, under the length of the whole.
    pub fn cut_short(body: &str) -> Self {
        let half = body[..body.len() / 2].to_owned();
        Self { status: "200 OK", body: half, promised: Some(body.len()) }
    }
}

type Script = BTreeMap<String, Vec<Answer>>;

/// Answers until the test ends; the last answer of a path is given again and again.
#[derive(Debug)]
pub struct PriceListServer {
    address: String,
    script: Arc<Mutex<Script>>,
    asked: Arc<Mutex<Vec<String>>>,
}

impl PriceListServer {
    pub fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        let script = Arc::new(Mutex::new(Script::new()));
        let asked = Arc::new(Mutex::new(Vec::new()));
        let (of_script, of_asked) = (Arc::clone(&script), Arc::clone(&asked));
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                // A client that leaves early is what some tests are about.
                let _ = serve(stream, &of_script, &of_asked);
            }
        });
        Self { address, script, asked }
    }

    pub fn address(&self) -> &str {
        &self.address
    }

    pub fn on(&self, path: &str, answers: impl IntoIterator<Item = Answer>) {
        self.script.lock().unwrap().insert(path.to_owned(), answers.into_iter().collect());
    }

    /// The paths that were asked for, in order.
    pub fn asked(&self) -> Vec<String> {
        self.asked.lock().unwrap().clone()
    }
}

fn serve(stream: TcpStream, script: &Mutex<Script>, asked: &Mutex<Vec<String>>) -> std::io::Result<()> {
    let mut reader = BufReader::new(stream);
    let mut line = String::new();
    reader.read_line(&mut line)?;
    let path = line.split(' ').nth(1).unwrap_or_default().to_owned();
    let mut length = 0;
    loop {
        line.clear();
        reader.read_line(&mut line)?;
        if line.trim().is_empty() {
            break;
        }
        if let Some(value) = line.to_ascii_lowercase().strip_prefix("content-length:") {
            length = value.trim().parse().unwrap();
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body)?;
    // Requests to an API differ in their bodies.
    let body = String::from_utf8_lossy(&body).into_owned();
    asked.lock().unwrap().push(if body.is_empty() { path.clone() } else { body });
    let answer = {
        let mut script = script.lock().unwrap();
        match script.get_mut(&path) {
            Some(answers) if answers.len() > 1 => answers.remove(0),
            Some(answers) => answers[0].clone(),
            None => Answer::status("404 Not Found"),
        }
    };
    let Answer { status, body, promised } = answer;
    let length = promised.unwrap_or(body.len());
    let mut stream = reader.into_inner();
    write!(stream, "HTTP/1.1 {status}\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n{body}")
}
