//! Evaluations as processes that are killed, stop for a while, or run two at once: the same for every story.

use tidegate_policy::database::notice::DatabaseNotice;

use crate::ledger::ProcessStep;

/// One evaluation under way.
pub(crate) trait InterleavedProcess {
    /// How far it has come.
    fn progress(&self) -> ProcessStep;
}

/// A story whose evaluations are processes.
pub(crate) trait Interleaved {
    /// An evaluation of it.
    type Process: InterleavedProcess;

    /// An evaluation that has read, seen and decided.
    fn evaluation(&mut self) -> Self::Process;

    /// It goes on to its next step.
    fn step(&mut self, process: &mut Self::Process);

    /// One whole evaluation of the story.
    fn evaluate(&mut self);

    /// The time that passes after evaluations at once, or a killed one.
    fn pass(&mut self);

    /// A quarter of a minute passes.
    fn pass_a_quarter(&mut self);

    /// It goes on to its end.
    fn finish(&mut self, process: &mut Self::Process) {
        while process.progress() != ProcessStep::Over {
            self.step(process);
        }
    }

    /// An evaluation is killed after so much.
    fn killed(&mut self, after: ProcessStep) {
        let mut process = self.evaluation();
        while process.progress() < after {
            self.step(&mut process);
        }
        self.pass();
    }

    /// Two evaluations at once, whose steps fall as the bits say.
    fn two_at_once(&mut self, order: u8) {
        let mut both = [self.evaluation(), self.evaluation()];
        for bit in 0..8 {
            let [first, second] = &mut both;
            let process = if order >> bit & 1 == 0 { first } else { second };
            self.step(process);
        }
        for process in &mut both {
            self.finish(process);
        }
        self.pass();
    }

    /// An evaluation stops for so many quarters of a minute after its intent, while others go on.
    fn frozen(&mut self, quarters: u8) {
        let mut process = self.evaluation();
        self.step(&mut process);
        for quarter in 0..quarters {
            self.pass_a_quarter();
            if quarter % 4 == 0 {
                self.evaluate();
            }
        }
        self.finish(&mut process);
    }
}

/// The notices that an evaluation sends, in words.
pub(crate) fn in_words(notices: &[DatabaseNotice]) -> impl Iterator<Item = String> {
    notices.iter().map(|notice| {
        format!("{} `{}`: {} ({:?})", notice.phase.code(), notice.about, notice.verdict, notice.cause)
    })
}
