// A list of any length of which only the visible rows exist. One stop for the Tab key; the arrow keys move inside.

const overscan = 4;
let lists = 0;

export class Rows {
  // `fill(row, item)` writes an item into a row's element, which `make()` has made; `open(item, cancels)` is called for
  // Enter and a click, and for Delete with `cancels`. `key(item)` names it as long as it lives.
  constructor(element, {label, height, make, fill, key, open}) {
    Object.assign(this, {element, height, make, fill, key, open});
    this.name = `rows${++lists}`;
    this.items = [];
    this.shown = new Map();  // by index
    this.spare = [];
    this.active = 0;
    this.space = element.appendChild(document.createElement('div'));
    this.space.className = 'space';
    this.space.role = 'presentation';
    element.role = 'listbox';
    element.tabIndex = 0;
    element.setAttribute('aria-label', label);
    element.addEventListener('scroll', () => this.draw(), {passive: true});
    element.addEventListener('keydown', (event) => this.keydown(event));
    element.addEventListener('focus', () => this.mark());
    element.addEventListener('click', (event) => {
      const row = event.target.closest('[role=option]');
      if (!row) return;
      this.activate(Number(row.dataset.index));
      this.open(this.items[this.active], false);
    });
    new ResizeObserver(() => this.draw()).observe(element);
  }

  set(items) {
    // The active row follows its item.
    const activeKey = this.activeKey;
    this.items = items;
    if (activeKey !== undefined && (items[this.active] === undefined || this.key(items[this.active]) !== activeKey)) {
      const at = items.findIndex((item) => this.key(item) === activeKey);
      this.active = at >= 0 ? at : Math.max(0, Math.min(this.active, items.length - 1));
    }
    this.element.hidden = items.length === 0;
    const height = `${items.length * this.height}px`;
    if (this.space.style.height !== height) this.space.style.height = height;
    this.draw();
  }

  // Rows of another height.
  setHeight(height) {
    if (height === this.height) return;
    this.height = height;
    for (const row of this.shown.values()) row.remove();
    this.shown.clear();
    this.spare = [];
  }

  draw() {
    const {scrollTop, clientHeight} = this.element;
    const begin = Math.max(0, Math.floor(scrollTop / this.height) - overscan);
    const end = Math.min(this.items.length, Math.ceil((scrollTop + clientHeight) / this.height) + overscan);
    for (const [index, row] of this.shown) {
      if (index >= begin && index < end) continue;
      row.remove();
      this.shown.delete(index);
      this.spare.push(row);
    }
    for (let index = begin; index < end; ++index) {
      let row = this.shown.get(index);
      if (!row) {
        row = this.spare.pop() ?? this.newRow();
        row.dataset.index = index;
        row.id = `${this.name}-${index}`;
        row.style.transform = `translateY(${index * this.height}px)`;
        row.setAttribute('aria-posinset', index + 1);
        this.shown.set(index, row);
        this.space.append(row);
      }
      row.setAttribute('aria-setsize', this.items.length);
      this.fill(row, this.items[index]);
    }
    this.mark();
  }

  newRow() {
    const row = this.make();
    row.role = 'option';
    row.style.height = `${this.height}px`;
    return row;
  }

  mark() {
    for (const [index, row] of this.shown) row.setAttribute('aria-selected', index === this.active);
    if (this.shown.has(this.active)) {
      this.element.setAttribute('aria-activedescendant', `${this.name}-${this.active}`);
    } else {
      this.element.removeAttribute('aria-activedescendant');
    }
  }

  activate(index) {
    if (this.items.length === 0) return;
    this.active = Math.max(0, Math.min(index, this.items.length - 1));
    this.activeKey = this.key(this.items[this.active]);
    const top = this.active * this.height;
    const {scrollTop, clientHeight} = this.element;
    if (top < scrollTop) this.element.scrollTop = top;
    if (top + this.height > scrollTop + clientHeight) this.element.scrollTop = top + this.height - clientHeight;
    this.draw();
    this.shown.get(this.active)?.scrollIntoView({block: 'nearest'});
  }

  keydown(event) {
    const page = Math.max(1, Math.floor(this.element.clientHeight / this.height) - 1);
    const moves = {
      ArrowDown: this.active + 1, ArrowUp: this.active - 1, PageDown: this.active + page, PageUp: this.active - page,
      Home: 0, End: this.items.length - 1,
    };
    if (event.ctrlKey || event.altKey || event.metaKey || this.items.length === 0) return;
    if (event.key in moves) {
      this.activate(moves[event.key]);
    } else if (event.key === 'Enter' || event.key === ' ') {
      this.open(this.items[this.active], false);
    } else if (event.key === 'Delete' || event.key === 'Backspace') {
      this.open(this.items[this.active], true);
    } else {
      return;
    }
    event.preventDefault();
  }
}

// An element with children of the given classes, e.g. row('lane', 'name', 'state').
export function makeRow(className, ...parts) {
  const row = document.createElement('div');
  row.className = className;
  for (const part of parts) {
    const span = row.appendChild(document.createElement('span'));
    span.className = part;
  }
  return row;
}

// Writes only what has changed: most of a report has not.
export function say(element, text) {
  if (element.textContent !== text) element.textContent = text;
}
