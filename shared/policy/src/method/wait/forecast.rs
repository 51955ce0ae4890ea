//! What waits when a task that is asked for now could run.

use crate::memory::wait::LoadEstimate;

use super::intervals::USUAL_INTERVAL_SECONDS;
use super::orders::Workers;

/// How much chance is allowed for, in standard deviations of the jobs that will have come and gone: about one time in
/// twenty is worse. Two cost 3% more where jobs are long and few; with 1.4 more than one in a hundred of those is late.
pub(crate) const CHANCE: f64 = 1.6;

/// At most so many steps: an hour.
const STEPS_MAX: f64 = 240.0;

/// A rise goes on for so long, not for ever. Half of it is late for bursts that grow over minutes; twice of it orders more
/// for every jump and is late no less.
const RISES_FOR_SECONDS: f64 = 60.0;

/// What is known when looking ahead. Sizes are jobs and places.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Outlook {
    /// Jobs waiting and running.
    pub(crate) jobs: f64,
    /// What arrives.
    pub(crate) load: LoadEstimate,
    /// Jobs per second of one busy place.
    pub(crate) per_second: f64,
    /// Places of one task.
    pub(crate) concurrency: f64,
}

impl Outlook {
    /// The jobs waiting and running when new tasks could run, if nothing more is asked for.
    pub(crate) fn when_new_tasks_run(&self, workers: &Workers) -> f64 {
        let steps = (workers.startup / USUAL_INTERVAL_SECONDS).ceil().clamp(1.0, STEPS_MAX);
        let step = workers.startup / steps;
        let fade = (-self.per_second * step).exp();
        let (mut jobs, mut at) = (self.jobs, 0.0);
        while at < workers.startup - step / 2.0 {
            let arrived: f64 =
                workers.starting.iter().filter(|(left, _)| *left <= at).map(|(_, tasks)| tasks).sum();
            let places = (workers.running + arrived) * self.concurrency;
            // A rise goes on for as long as what shows it is remembered, not for ever.
            let rate = self.load.rate + self.load.growth * at.min(RISES_FOR_SECONDS);
            jobs = self.after_step(jobs, places, rate, step, fade);
            at += step;
        }
        jobs
    }

    /// The jobs after one step. While there are free places, jobs come and go at their own pace toward as many as the
    /// load keeps busy; then every place is busy, and what does not fit waits.
    fn after_step(&self, jobs: f64, places: f64, rate: f64, step: f64, fade: f64) -> f64 {
        let busy = rate / self.per_second;
        if jobs >= places {
            let after = jobs + (rate - self.per_second * places) * step;
            return if after < places { after.max(busy.min(places)) } else { after };
        }
        let after = busy + (jobs - busy) * fade;
        if after <= places {
            return after;
        }
        let filled = ((busy - jobs) / (busy - places)).ln() / self.per_second;
        places + (rate - self.per_second * places) * (step - filled).max(0.0)
    }

    /// The places that these jobs need, so that the newest waits as planned, and even with so much bad luck (in standard
    /// deviations) not too long.
    pub(crate) fn places_for(
        &self,
        jobs: f64,
        planned: f64,
        acceptable: f64,
        workers: &Workers,
        luck: f64,
    ) -> f64 {
        // Of an empty queue nothing is expected, not even bad luck: so a service may sleep.
        if jobs < 0.5 {
            return 0.0;
        }
        // What comes and goes until then is a matter of chance, and so is what is believed of the load.
        let (comes_and_goes, doubt) =
            (2.0 * self.load.rate * workers.startup, self.load.doubt.min(self.load.rate) * workers.startup);
        let chance = luck * (comes_and_goes + doubt * doubt).sqrt();
        // In a wait a place finishes as many jobs as fit into it, besides the one it runs.
        let in_wait = |wait: f64| self.per_second * wait + 1.0;
        (jobs / in_wait(planned)).max((jobs + chance) / in_wait(acceptable))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn outlook(jobs: f64, rate: f64) -> Outlook {
        let load = LoadEstimate { rate, ..LoadEstimate::default() };
        Outlook { jobs, load, per_second: 0.5, concurrency: 1.0 }
    }

    /// Jobs after 90 s with so many tasks running and others that start.
    #[track_caller]
    fn check(jobs: f64, rate: f64, running: f64, starting: &[(f64, f64)], expected: f64) {
        let workers = Workers { running, starting: starting.to_vec(), startup: 90.0 };
        let after = outlook(jobs, rate).when_new_tasks_run(&workers);
        assert!((after - expected).abs() < 1.0, "{after} instead of {expected}");
    }

    #[test]
    fn what_is_already_starting_counts() {
        check(100.0, 10.0, 20.0, &[], 100.0);
        check(100.0, 15.0, 20.0, &[], 550.0);
        check(100.0, 15.0, 20.0, &[(30.0, 10.0)], 250.0);
        check(100.0, 15.0, 20.0, &[(30.0, 10.0), (45.0, 6.0)], 115.0);
        check(0.0, 5.0, 20.0, &[], 10.0);
        check(300.0, 5.0, 20.0, &[], 10.0);
    }

    #[test]
    fn long_jobs_fill_the_places_slowly() {
        let slow = Outlook { per_second: 1.0 / 60.0, ..outlook(0.0, 0.5) };
        let workers = Workers { running: 20.0, starting: vec![], startup: 90.0 };
        // 30 places in the long run; 23 jobs after 90 s if there were places for all of them.
        let jobs = slow.when_new_tasks_run(&workers);
        assert!((22.0..=25.0).contains(&jobs), "{jobs}");
    }

    /// The same in ten thousand small steps: what is there runs, as far as there are places.
    fn finely(outlook: &Outlook, places: f64, step: f64) -> f64 {
        let moment = step / 10_000.0;
        (0..10_000).fold(outlook.jobs, |jobs, _| {
            jobs + (outlook.load.rate - outlook.per_second * jobs.min(places)) * moment
        })
    }

    #[test]
    fn one_step_goes_where_many_small_ones_go() {
        for (jobs, rate, places, step) in [
            (30.0, 20.0, 20.0, 15.0), // more and more wait
            (300.0, 5.0, 20.0, 15.0), // fewer and fewer
            (30.0, 5.0, 20.0, 60.0),  // until places are free
            (21.0, 5.0, 20.0, 0.5),
            (0.0, 5.0, 20.0, 3.0), // places fill
            (18.0, 5.0, 20.0, 3.0),
            (0.0, 20.0, 20.0, 15.0), // and then jobs wait
            (12.0, 11.0, 20.0, 15.0),
        ] {
            let outlook = outlook(jobs, rate);
            let fade = (-outlook.per_second * step).exp();
            let (ours, theirs) =
                (outlook.after_step(jobs, places, rate, step, fade), finely(&outlook, places, step));
            assert!(
                (ours - theirs).abs() < 0.2,
                "{ours} and {theirs}: {jobs} jobs, {rate}/s, {places} places, {step} s"
            );
        }
    }

    #[test]
    fn half_of_the_wait_is_used_and_chance_may_take_the_rest() {
        let workers = Workers { running: 20.0, starting: vec![], startup: 90.0 };
        let steady = outlook(320.0, 0.0).places_for(320.0, 30.0, 60.0, &workers, CHANCE);
        assert!((steady - 20.0).abs() < 0.1, "{steady}");
        let slow = Outlook { per_second: 1.0 / 60.0, ..outlook(30.0, 0.5) };
        let risky = slow.places_for(30.0, 30.0, 60.0, &workers, CHANCE);
        assert!(risky > 22.0, "{risky}");
    }

    #[test]
    fn tasks_that_start_within_a_second_are_forecast_too() {
        let workers = Workers { running: 20.0, starting: vec![], startup: 1.0 };
        let jobs = outlook(100.0, 15.0).when_new_tasks_run(&workers);
        assert!((jobs - 105.0).abs() < 1e-9, "{jobs}");
    }

    #[test]
    fn an_empty_queue_needs_no_task_and_half_a_job_needs_one() {
        let workers = Workers { running: 1.0, starting: vec![], startup: 90.0 };
        for (jobs, needed) in [(0.0, false), (0.49, false), (0.5, true), (1.0, true)] {
            let places = outlook(jobs, 1.0).places_for(jobs, 30.0, 60.0, &workers, CHANCE);
            assert_eq!(places > 0.0, needed, "{places} places for {jobs} jobs");
        }
    }
}
