// Shows Superset's frame and hands it the visitor's token, now and before each one ends.
// An application with a JavaScript build takes Superset's own package for this
// (@superset-ui/embedded-sdk); these are the messages that it sends.

const RENEW_MILLISECONDS = 4 * 60 * 1000;
const frame = document.getElementById("dashboard");
const problem = document.getElementById("problem");

async function visit() {
  const answer = await fetch("/visit", { method: "POST" });
  const content = await answer.json();
  if (!answer.ok) throw new Error(content.error);
  return content;
}

function open({ superset, uuid }) {
  return new Promise((resolve) => {
    frame.addEventListener("load", () => {
      const { port1, port2 } = new MessageChannel();
      const handshake = { type: "__embedded_comms__", handshake: "port transfer" };
      frame.contentWindow.postMessage(handshake, superset, [port2]);
      port1.start();
      resolve(port1);
    }, { once: true });
    frame.src = `${superset}/embedded/${uuid}?uiConfig=0`;
  });
}

async function show() {
  const first = await visit();
  const port = await open(first);
  const pass = ({ token }) =>
    port.postMessage({ switchboardAction: "emit", method: "guestToken", args: { guestToken: token } });
  pass(first);
  setInterval(() => visit().then(pass).catch(report), RENEW_MILLISECONDS);
}

function report(error) {
  problem.textContent = error.message;
}

show().catch(report);
