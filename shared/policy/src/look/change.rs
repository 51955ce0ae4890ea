//! What a change leaves for the evaluations after it: an intent, the cooldowns, and what counts toward the next step.

use jiff::Timestamp;

use crate::look::Thinking;
use crate::memory::{Intent, ScaleOut};

/// A scale-out that rules or methods ask for, whatever minimum or pin there is beside it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Asked {
    /// What it starts from, and what others added since.
    pub(super) base: u32,
    pub(super) others: u32,
    /// The size asked for.
    pub(super) tasks: u32,
    /// A rule asks for it, and no method for as much.
    pub(super) step: bool,
}

impl Thinking<'_> {
    /// Remembers a change before it is made: its intent, its cooldowns, and the base of AWS's credit.
    pub(super) fn remember_change(&mut self, from: u32, to: u32) {
        let now = self.look.now;
        self.next.intent = Some(Intent { from, to, at: now, look: self.look.id.to_owned() });
        self.next.changed_at = Some(now);
        self.next.zeroed = to == 0;
        if from == 0 {
            self.next.woke_at = Some(now);
        }
        self.next.scale_out = to.checked_sub(from).and_then(|added| self.credit(added, to));
    }

    /// What counts toward the next step. A cooldown begins with what a rule or a method adds. What a minimum, `hours` or a
    /// pin adds beyond it neither begins one nor counts (AWS: scheduled actions ignore cooldowns).
    fn credit(&self, added: u32, to: u32) -> Option<ScaleOut> {
        let running = self.next.scale_out.filter(|it| self.credit_until(*it).is_some());
        let Some(Asked { base, others, tasks, step }) = self.asked else {
            return running.map(|it| ScaleOut { others: it.others.saturating_add(added), ..it });
        };
        // Methods follow the load many times in a cooldown; if each began it anew, it would never end.
        let at = running.filter(|_| !step).map_or(self.look.now, |it| it.at);
        Some(ScaleOut { at, base, others: others.saturating_add(to.saturating_sub(tasks)) })
    }

    /// Until when a scale-out counts toward the next one, if it still does.
    pub(super) fn credit_until(&self, scale_out: ScaleOut) -> Option<Timestamp> {
        let until = scale_out.at.saturating_add(self.policy.cooldown.scale_out).ok()?;
        (self.look.now < until).then_some(until)
    }
}
