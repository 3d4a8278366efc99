// What is shown to whom the server does not know yet.
import { html, useRef } from "../lib/html.js";
import { logIn, refusal } from "../lib/api.js";

export function Login() {
  const field = useRef(null);
  const enter = (event) => {
    event.preventDefault();
    const typed = field.current.value.trim();
    if (typed) logIn(typed);
  };
  const why = refusal.value;
  return html`<main class="login">
    <form onSubmit=${enter}>
      <h1>Paceline</h1>
      ${why && html`<p class="trouble" role="alert">${why.message}${why.hint && html`<small>${why.hint}</small>`}</p>`}
      <p>In a terminal on the server's machine, this prints an address that logs you in:</p>
      <pre>paceline dashboard</pre>
      <p>Or enter a token. <code>paceline token create --read --ttl 12h</code> makes one that can look and change nothing.</p>
      <label>Token <input ref=${field} type="password" name="token" autocomplete="off" spellcheck="false" autofocus /></label>
      <button type="submit">Enter</button>
    </form>
  </main>`;
}
