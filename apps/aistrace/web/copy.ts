import { type Child, h, replaceChildren } from "./dom.ts";

const SHOWN_MS = 1500;

/** A button that copies `text`, and says whether it did. */
export function copyButton(
  text: string,
  face: Child,
  settings: { class: string; label: string },
): HTMLButtonElement {
  const said = h("span", { class: "said", attributes: { role: "status" } });
  const button = h(
    "button",
    {
      class: settings.class,
      title: settings.label,
      attributes: { type: "button", "aria-label": face === text ? null : settings.label },
    },
    face,
    said,
  );
  button.addEventListener("click", () => {
    void copyText(text).then((isCopied) => {
      replaceChildren(said, isCopied ? " copied" : " not copied");
      setTimeout(() => replaceChildren(said), SHOWN_MS);
    });
  });
  return button;
}

/** Browsers give the clipboard to pages of https and of this machine only; to others they leave the older way. */
async function copyText(text: string): Promise<boolean> {
  try {
    if (isSecureContext) {
      await navigator.clipboard.writeText(text);
      return true;
    }
  } catch {
    // Not allowed: the older way asks for nothing.
  }
  const before = document.activeElement;
  const area = h("textarea", { class: "offscreen", attributes: { readonly: true } });
  area.value = text;
  document.body.append(area);
  area.select();
  const isCopied = document.execCommand("copy");
  area.remove();
  if (before instanceof HTMLElement) before.focus();
  return isCopied;
}
