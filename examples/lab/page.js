'use strict';
const $ = id => document.getElementById(id);
const make = (name, props = {}, ...kids) => {
  const e = Object.assign(document.createElement(name), props);
  e.append(...kids);
  return e;
};

let about = {delay: 1, lookup: .05, burn: .01, threads: 30, processes: 2, workers: 4};
const time = s => s >= 1 ? `${+s.toFixed(2)} s` : `${+(s * 1000).toFixed(1)} ms`;
const works = {
  hello: () => 'a line of text at once',
  delay: () => `lets ${time(about.delay)} pass`,
  fetch: () => 'asks the upstream server',
  cluster: () => `32 look-ups of ${time(about.lookup)}, then JSON`,
  burn: () => `${time(about.burn)} of computing`,
};
const ways = [
  {name: 'task', label: () => 'task', on: true},
  {name: 'thread', label: () => 'thread', on: true},
  {name: 'process', label: () => 'process', on: false},
  {name: 'block-one', label: () => 'block, 1 worker', on: true},
  {name: 'block-many', label: () => `block, ${about.workers} workers`, on: true},
];

/* -- Asking once ----------------------------------------------------------------------------------- */

const milliseconds = ms => ms < 10 ? ms.toFixed(2) : ms < 100 ? ms.toFixed(1) : ms.toFixed(0);
const took = ms => ms < 1000 ? `${milliseconds(ms)} ms` : `${(ms / 1000).toFixed(2)} s`;

/* The number keeps the browser from asking one after another, as it does for the same address. */
async function ask(work, way, i) {
  const got = await fetch(`/lab/try?work=${work}&way=${way}&n=${i}`);
  const said = await got.json();
  if (said.error) throw new Error(said.error);
  return said;
}

async function ask_all(work, way, button, output) {
  const n = +document.querySelector('[name=times]:checked').value;
  const label = ways.find(w => w.name === way).label();
  button.disabled = true;
  output.className = 'fresh';
  output.textContent = '\u2026';
  try {
    const said = await Promise.all(Array.from({length: n}, (_, i) => ask(work, way, i)));
    const ms = Math.max(...said.map(s => s.ms)), one = said[0];
    const after = n > 1 ? `${one.status}, the last of ${n} after` : `${one.status} after`;
    const text = one.answer.length > 120 ? one.answer.slice(0, 120) + '\u2026' : one.answer;
    if (one.status !== 200) output.className = 'bad';
    output.textContent = one.status === 200 ? took(ms) : one.status;
    $('answer').textContent = `${work}, ${label}: ${after} ${took(ms)}: ${text}`;
  } catch (e) {
    output.className = 'bad';
    output.textContent = 'failed';
    $('answer').textContent = `${work}, ${label}: ${e.message}`;
  }
  button.disabled = false;
}

function fill_grid() {
  const rows = Object.keys(works).map(work => {
    const tr = make('tr', {}, make('th', {scope: 'row'}, work, make('small', {textContent: works[work]()})));
    for (const way of ways) {
      const output = make('output'), button = make('button', {type: 'button', textContent: 'Try'});
      button.setAttribute('aria-label', `Try ${work}, ${way.label()}`);
      button.onclick = () => ask_all(work, way.name, button, output);
      const td = make('td', {}, button, output);
      td.dataset.way = way.label();
      tr.append(td);
    }
    return tr;
  });
  document.querySelector('#grid tbody').replaceChildren(...rows);
}

/* -- What was measured ------------------------------------------------------------------------------ */

const points = new Map();          // by what makes it one
let sofar = null, shown = null;    // the point that grows now, the work that is plotted
let chosen = false;                // by a press on its name; else it is what is measured
const systems = [];                // in the order in which they came: each has its colour

/* Those from elsewhere come after the ways; where colours come again, lines are dashed. */
function look(system) {
  const own = ways.findIndex(w => 'gyre ' + w.label() === system);
  if (own < 0 && !systems.includes(system)) systems.push(system);
  const i = own < 0 ? ways.length + systems.indexOf(system) : own;
  return {color: `var(--c${i % 8})`, dashed: i >= 8};
}

const all = () => sofar ? [...points.values(), {...sofar, sofar: true}] : [...points.values()];

/* A line a system, over the work that is shown. */
function lines() {
  const found = new Map();
  for (const p of all()) {
    if (p.work !== shown) continue;
    if (!found.has(p.system)) found.set(p.system, []);
    found.get(p.system).push(p);
  }
  for (const line of found.values()) line.sort((a, b) => a.concurrency - b.concurrency);
  return found;
}

/* -- Plotting --------------------------------------------------------------------------------------- */

const svg = (name, attributes, text) => {
  const e = document.createElementNS('http://www.w3.org/2000/svg', name);
  for (const [k, v] of Object.entries(attributes)) e.setAttribute(k, v);
  if (text !== undefined) e.textContent = text;
  return e;
};

const short = n => n >= 1e6 ? `${+(n / 1e6).toPrecision(3)}M` : n >= 1000 ? `${+(n / 1000).toPrecision(3)}k` :
  `${+n.toPrecision(3)}`;

/* 1, 2, 5, 10 ... around the values; fewer of them when there would be many. */
function ticks(values, most) {
  const lo = Math.min(...values), hi = Math.max(...values);
  const found = [];
  for (let d = Math.floor(Math.log10(lo)); d <= Math.ceil(Math.log10(hi)); d++)
    for (const m of [1, 2, 5]) found.push(m * 10 ** d);
  const from = found.findLastIndex(t => t <= lo * 1.0001), to = found.findIndex(t => t >= hi * .9999);
  let kept = found.slice(Math.max(from, 0), to + 1);
  if (kept.length < 2) kept = found.slice(Math.max(from - 1, 0), to + 2);
  const range = [kept[0], kept[kept.length - 1]];
  if (kept.length > most) kept = kept.filter(t => /^1(e|0*$|$)|^0\.0*1$/.test(String(+t.toPrecision(1))));
  return {range, kept};
}

function plot(id, key) {
  const box = $(id), width = box.clientWidth, height = box.clientHeight;
  const left = 44, right = 10, top = 12, bottom = 24;
  const data = [...lines()].map(([system, line]) => [system, line.filter(p => p[key] > 0)])
    .filter(([, line]) => line.length);
  box.setAttribute('viewBox', `0 0 ${width} ${height}`);
  box.replaceChildren();
  if (!data.length) {
    box.append(svg('rect', {x: .5, y: top, width: width - 1, height: height - top - 4, rx: 8, fill: 'none',
      class: 'grid', 'stroke-dasharray': '4 5'}),
      svg('text', {x: width / 2, y: height / 2 + 4, class: 'empty'}, 'a line a way, once there is a run'));
    return;
  }
  const flat = data.flatMap(([, line]) => line);
  const xs = ticks(flat.map(p => p.concurrency), Math.max(3, width / 60));
  const ys = ticks(flat.map(p => p[key]), 9);
  const scale = ([lo, hi], from, to) => v => from + (to - from) * Math.log(v / lo) / Math.log(hi / lo);
  const x = scale(xs.range, left, width - right), y = scale(ys.range, height - bottom, top);
  for (const t of ys.kept)
    box.append(svg('line', {x1: left, x2: width - right, y1: y(t), y2: y(t), class: 'grid'}),
      svg('text', {x: left - 8, y: y(t) + 4, 'text-anchor': 'end'}, short(t)));
  for (const t of xs.kept)
    box.append(svg('line', {x1: x(t), x2: x(t), y1: top, y2: height - bottom, class: 'grid'}),
      svg('text', {x: x(t), y: height - 6, 'text-anchor': 'middle'}, short(t)));
  box.append(svg('line', {x1: left, x2: width - right, y1: height - bottom, y2: height - bottom, class: 'axis'}));
  for (const [system, line] of data) draw_line(box, system, line, p => [x(p.concurrency), y(p[key])], key);
}

function draw_line(box, system, line, place, key) {
  const {color, dashed} = look(system), stroke = `stroke:${color}`;
  for (let i = 1; i < line.length; i++) {
    const [x1, y1] = place(line[i - 1]), [x2, y2] = place(line[i]);
    box.append(svg('path', {d: `M${x1} ${y1}L${x2} ${y2}`, style: stroke,
      class: line[i].sofar || line[i - 1].sofar ? 'sofar' : dashed ? 'dashed' : ''}));
  }
  for (const p of line) {
    const [cx, cy] = place(p);
    const dot = svg('circle', {cx, cy, r: 4.5, class: p.sofar ? 'sofar' : '',
      style: p.sofar ? stroke : `fill:${color}`});
    const what = key === 'rps' ? `${p.rps.toFixed(0)} answers/s` : `${milliseconds(p.p99_ms)} ms`;
    dot.append(svg('title', {}, `${system}, ${p.concurrency} at once: ${what}`));
    box.append(dot);
  }
}

function fill_figures() {
  const order = Object.keys(works);
  const rows = all().sort((a, b) => order.indexOf(a.work) - order.indexOf(b.work) ||
    a.work.localeCompare(b.work) || a.concurrency - b.concurrency || a.system.localeCompare(b.system));
  document.querySelector('#figures tbody').replaceChildren(...rows.map(p => make('tr', {},
    ...[p.work, p.system + (p.sofar ? ' \u2026' : ''), p.concurrency, p.rps.toFixed(p.rps < 100 ? 1 : 0),
      milliseconds(p.p50_ms), milliseconds(p.p99_ms), p.failed].map(text => make('td', {textContent: text})))));
}

function fill_tabs() {
  const seen = new Set(all().map(p => p.work));
  const order = [...Object.keys(works).filter(w => seen.has(w)), ...[...seen].filter(w => !works[w])];
  if (!seen.has(shown)) shown = order[0] ?? null;
  $('tabs').replaceChildren(...order.map(work => {
    const b = make('button', {type: 'button', textContent: work, onclick: () => { shown = work; chosen = true; draw(); }});
    b.setAttribute('aria-pressed', work === shown);
    return b;
  }));
}

function draw() {
  fill_tabs();
  plot('rps', 'rps');
  plot('p99', 'p99_ms');
  $('legend').replaceChildren(...[...lines().keys()].map(system => {
    const mark = make('i'), {color, dashed} = look(system);
    mark.style.borderColor = color;
    if (dashed) mark.style.borderTopStyle = 'dashed';
    return make('li', {}, mark, system);
  }));
  if ($('figures').open) fill_figures();
}

let due = 0;
const draw_soon = () => due ||= requestAnimationFrame(() => { due = 0; draw(); });

/* -- Runs ------------------------------------------------------------------------------------------- */

async function post(path, body = new URLSearchParams()) {
  const got = await fetch(path, {method: 'POST', body});
  const said = await got.json();
  if (!got.ok) $('said').textContent = said.error;
}

function on_run(r) {
  $('go').disabled = r.running;
  $('stop').disabled = !r.running;
  $('bar').hidden = !r.running;
  $('bar').max = r.steps;
  $('bar').value = r.done;
  if (!r.running) sofar = null;
  else if (!r.done) chosen = false;
  $('said').textContent = r.running ?
    `${r.work}, ${r.system.replace(/^gyre /, '')}: ${r.concurrency} at once (${r.done + 1} of ${r.steps})` :
    r.doing === 'failed' ? `failed: ${r.why}` : `${r.doing} after ${r.done} of ${r.steps}`;
  draw_soon();
}

function listen() {
  const stream = new EventSource('/lab/points');
  const on = (name, fn) => stream.addEventListener(name, e => fn(JSON.parse(e.data)));
  const key = p => JSON.stringify([p.system, p.work, p.concurrency]);
  on('clear', () => { points.clear(); sofar = null; draw_soon(); });
  on('point', p => {
    points.delete(key(p));
    points.set(key(p), p);
    if (sofar && key(sofar) === key(p)) sofar = null;
    if (!chosen) shown = p.work;
    draw_soon();
  });
  on('sofar', p => {
    points.delete(key(p));
    sofar = p;
    if (!chosen) shown = p.work;
    draw_soon();
  });
  on('run', on_run);
  const say = (on, text) => { $('live').className = on ? 'live on' : 'live'; $('live').textContent = text; };
  stream.onopen = () => say(true, 'live');
  stream.onerror = () => {
    say(false, 'the server has gone');
    if (stream.readyState === EventSource.CLOSED) setTimeout(listen, 2000);
  };
}

function prepare_form() {
  $('boxes').replaceChildren(...ways.map(w => make('label', {},
    make('input', {type: 'checkbox', name: 'way', value: w.name, checked: w.on}), w.label())));
  $('run').onsubmit = e => {
    e.preventDefault();
    post('/lab/run', new URLSearchParams(new FormData($('run'))));
  };
  $('stop').onclick = () => post('/lab/stop');
  $('clear').onclick = () => post('/lab/clear');
}

async function learn() {
  about = await (await fetch('/lab/about')).json();
  for (const e of document.querySelectorAll('[data-is]')) e.textContent = about[e.dataset.is];
  document.querySelector('[value=delay]').textContent = `delay: ${time(about.delay)}`;
  $('curl').textContent = `curl ${location.origin}/delay/task\nab -n 200 -c 40 ${location.origin}/fetch/thread`;
  if (about.upstream_fails) {
    $('notice').hidden = false;
    const {hostname, port} = new URL(about.upstream);
    const here = /^(localhost|127\.|\[::1)/.test(hostname);
    $('notice').textContent = `fetch will fail, for no upstream answers at ${about.upstream}: ` +
      `${about.upstream_fails}. ` + (here ? `Start one: ${about.upstream_program} --port ${port || 80}` : '');
  }
}

learn().catch(() => {}).finally(() => {
  fill_grid();
  prepare_form();
  draw();
  listen();
});
addEventListener('resize', draw_soon);
$('figures').ontoggle = draw;
