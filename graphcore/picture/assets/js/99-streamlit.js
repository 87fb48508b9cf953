// The bridge to Streamlit (components v2): the only file that knows it. Left out of the standalone page.

const Instances = new WeakMap();

// One channel, "action": a state value, not a trigger, so that a rerun for another reason cannot lose it.
// Python tells an action it has seen from a new one by the id.
// Each action says which payload the page holds, so that the answer need not repeat it.
function chainruleHost(component) {
  const page = (component.data && component.data.page) || "explore";
  const host = { page, data: Payload.complete(component.data), setStateValue: component.setStateValue, id: 0 };
  host.send = (action) => {
    host.id = Math.max(host.id, (host.data && host.data.answers) || 0) + 1;
    host.setStateValue("action", { ...action, id: host.id, have: Payload.stamp() });
    return host.id;
  };
  return host;
}

// A payload that keeps what this page never had is answered by the wish for all of it.
function chainruleUpdate(instance, data) {
  const whole = Payload.complete(data);
  if (!whole) {
    instance.host.id = Math.max(instance.host.id, data.answers) + 1;
    instance.host.setStateValue("action", { kind: "all", id: instance.host.id });
    return;
  }
  instance.host.data = whole;
  instance.view.update(whole);
}

// Streamlit calls this at the first mount and again for every new payload, with the same parent element.
export default function (component) {
  const { parentElement, data, setStateValue } = component;
  let instance = Instances.get(parentElement);
  if (instance) {
    instance.host.setStateValue = setStateValue;
    chainruleUpdate(instance, data);
  } else {
    const host = chainruleHost(component);
    instance = { host, view: Mount.mount(parentElement, host) };
    Instances.set(parentElement, instance);
    if (!host.data && data) chainruleUpdate(instance, data);
  }
  // Streamlit also runs the clean-up of a call that a newer one has overtaken; the picture is then still there.
  return () => setTimeout(() => {
    if (parentElement.isConnected || Instances.get(parentElement) !== instance) return;
    Instances.delete(parentElement);
    instance.view.destroy();
  }, 0);
}
