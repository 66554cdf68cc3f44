/** Drawing a view anew takes the keyboard's place away. Fields are known again by their names, links by where they lead. */
export function focusKept(root: HTMLElement): () => void {
  const active = document.activeElement;
  const name = active instanceof HTMLElement && root.contains(active) ? active.getAttribute("name") : null;
  return () => {
    const isLost = document.activeElement === null || document.activeElement === document.body;
    if (name === null || !isLost) return;
    root.querySelector<HTMLElement>(`[name="${CSS.escape(name)}"]`)?.focus({ preventScroll: true });
  };
}
