// The record, and how its numbers and times are written.

const record = JSON.parse(document.getElementById("record").textContent);
const { first_seconds: first, is_date: isDate, point_seconds: pointSeconds, seconds: whole } = record.time;
const byId = (id) => document.getElementById(id);

/** An element with attributes (`class`, `type` …) and children; text stays text. */
function make(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  element.append(...children);
  return element;
}

/** A sentence of the policy, with what it quotes from the fleet file as code. */
const prose = (text) => text.split("`").map((part, index) => (index % 2 ? make("code", {}, part) : together(part)));
/** A number and its unit stay on one line. */
const together = (text) => text.replace(/(\d) (?=(?:s|%)(?:\W|$))/g, "$1\u00a0");

/** The color of that name in the theme that is shown; `alpha` is two hexadecimal digits. */
const color = (name, alpha = "") =>
  getComputedStyle(document.documentElement)
    .getPropertyValue("--" + name)
    .trim() + alpha;

const short = new Intl.NumberFormat("en", { notation: "compact", maximumFractionDigits: 1 });
const exact = (value, digits = 2, least = 0) =>
  value.toLocaleString("en", { maximumFractionDigits: digits, minimumFractionDigits: least });
const count = (number, one, many = one + "s") => exact(number) + " " + (number === 1 ? one : many);
/** A reading, or that there is none. */
const known = (value) => (value === null || value === undefined ? "unknown" : exact(value));

// Moments are seconds after the first one. A trace with dates is shown in UTC, as the policy's sentences are.

const two = (number) => String(number).padStart(2, "0");
const DAY = 86400;

/** Seconds are shown where they are not zero. */
function clock(seconds) {
  const left = Math.floor(((seconds % DAY) + DAY) % DAY);
  const minutes = two(Math.floor(left / 3600)) + ":" + two(Math.floor(left / 60) % 60);
  return left % 60 === 0 ? minutes : minutes + ":" + two(left % 60);
}

const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
const dateOf = (seconds) => new Date(seconds * 1000);
const dayOf = (seconds) =>
  isDate
    ? dateOf(seconds).getUTCDate() + " " + MONTHS[dateOf(seconds).getUTCMonth()]
    : "day " + (Math.floor(seconds / DAY) + 1);
const yearOf = (seconds) => (isDate ? String(dateOf(seconds).getUTCFullYear()) : "");

/** A run of some minutes is shown in seconds. */
const inSeconds = !isDate && whole <= 900;

function moment(t) {
  if (inSeconds) return exact(t, 1) + " s";
  const at = first + t;
  return [dayOf(at), yearOf(at)].join(" ").trim() + ", " + clock(at) + (isDate ? " UTC" : "");
}

/** A moment soon after another one: the day is shown where it has changed. */
function momentAfter(t, before) {
  const sameDay = Math.floor((first + t) / DAY) === Math.floor((first + before) / DAY);
  return sameDay && !inSeconds ? clock(first + t) + (isDate ? " UTC" : "") : moment(t);
}

function lasting(seconds) {
  for (const [size, unit] of [
    [DAY, "day"],
    [3600, "hour"],
    [60, "minute"],
  ]) {
    if (seconds >= size && (seconds % size === 0 || seconds >= 2 * size))
      return count(Math.round((100 * seconds) / size) / 100, unit);
  }
  return exact(seconds, 1) + " s";
}
