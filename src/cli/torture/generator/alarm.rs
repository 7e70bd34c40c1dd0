//! An alarm clock for due times. Tokio's own timer rounds up to milliseconds, which would be the largest part of a latency
//! that counts from when a call was due.

use std::{fs::File, io, os::fd::AsFd, time::Duration};

use nix::sys::{
    time::TimeSpec,
    timerfd::{ClockId, Expiration, TimerFd, TimerFlags, TimerSetTimeFlags},
};
use tokio::{io::AsyncReadExt, net::unix::pipe};

/// A timer of the operating system that the runtime waits for as it does for a socket.
pub(super) struct Alarm {
    timer: TimerFd,
    /// The same timer as something to be read: it is read like a pipe, eight bytes each time it has expired.
    expired: pipe::Receiver,
}

impl Alarm {
    pub(super) fn new() -> io::Result<Self> {
        let timer = TimerFd::new(ClockId::CLOCK_MONOTONIC, TimerFlags::TFD_NONBLOCK | TimerFlags::TFD_CLOEXEC)?;
        let expired = File::from(timer.as_fd().try_clone_to_owned()?);
        Ok(Self { timer, expired: pipe::Receiver::from_file_unchecked(expired)? })
    }

    /// Waits for so long, within some tens of microseconds.
    pub(super) async fn sleep(&mut self, length: Duration) -> io::Result<()> {
        // A length of nothing would switch the timer off.
        let length = length.max(Duration::from_nanos(1));
        self.timer.set(Expiration::OneShot(TimeSpec::from_duration(length)), TimerSetTimeFlags::empty())?;
        self.expired.read_exact(&mut [0; 8]).await?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::time::Instant;

    use super::*;

    #[tokio::test]
    async fn it_wakes_when_it_is_due_and_not_before() {
        let mut alarm = Alarm::new().unwrap();
        for micros in [0, 1, 300, 2_000] {
            let (length, begun) = (Duration::from_micros(micros), Instant::now());
            alarm.sleep(length).await.unwrap();
            assert!(begun.elapsed() >= length, "{micros}");
        }
    }
}
