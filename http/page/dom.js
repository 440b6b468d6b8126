/* Elements by hand: what comes from elsewhere becomes text and attributes, never markup. */

/**
 * @template {keyof HTMLElementTagNameMap} Name
 * @param {Name} name
 * @param {Record<string, string>} [attributes]
 * @param {...(Node | string)} children
 * @returns {HTMLElementTagNameMap[Name]}
 */
export function html(name, attributes = {}, ...children) {
  const element = document.createElement(name)
  for (const [attribute, value] of Object.entries(attributes)) element.setAttribute(attribute, value)
  element.append(...children)
  return element
}

/**
 * @template {keyof SVGElementTagNameMap} Name
 * @param {Name} name
 * @param {Record<string, string | number>} [attributes]
 * @param {...(Node | string)} children
 * @returns {SVGElementTagNameMap[Name]}
 */
export function svg(name, attributes = {}, ...children) {
  const element = document.createElementNS('http://www.w3.org/2000/svg', name)
  for (const [attribute, value] of Object.entries(attributes)) element.setAttribute(attribute, String(value))
  element.append(...children)
  return element
}

/** Leaves alone what is so already: a screen reader is not told again, a selection stays. @param {Element} element @param {string} text */
export function setText(element, text) {
  if (element.textContent !== text) element.textContent = text
}

/** @param {Element} element @param {string} name @param {string | undefined} value undefined: without it */
export function setAttribute(element, name, value) {
  if (value === undefined) element.removeAttribute(name)
  else if (element.getAttribute(name) !== value) element.setAttribute(name, value)
}

/**
 * Brings the children of an element in line with a list, each kept as long as its key is there: who has the focus keeps it.
 *
 * @template T
 * @param {Element} parent
 * @param {readonly T[]} list
 * @param {(one: T) => string} keyOf
 * @param {(one: T) => Element} make
 * @param {(element: Element, one: T) => void} update
 */
export function sync(parent, list, keyOf, make, update) {
  const old = new Map([...parent.children].map((child) => [child.getAttribute('data-key'), child]))
  list.forEach((one, place) => {
    const key = keyOf(one)
    const child = old.get(key) ?? make(one)
    old.delete(key)
    setAttribute(child, 'data-key', key)
    if (parent.children[place] !== child) parent.insertBefore(child, parent.children[place] ?? null)
    update(child, one)
  })
  for (const child of old.values()) child.remove()
}

/** The element of that id, which the page has. @param {string} id */
export function byId(id) {
  const element = document.getElementById(id)
  if (element === null) throw new Error(`the page has no #${id}`)
  return element
}
