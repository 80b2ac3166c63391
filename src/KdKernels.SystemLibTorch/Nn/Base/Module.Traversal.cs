using TorchSharp.Modules;

namespace TorchSharp;

public static partial class torch
{
    public static partial class nn
    {
        public partial class Module
        {
            /// <summary>The buffers with their dotted names, each tensor once.</summary>
            /// <param name="recurse">Whether to go into the child modules.</param>
            /// <param name="include_nonpersistent">Without effect in TorchSharp 0.107 and so here: only persistent buffers are given.</param>
            public virtual IEnumerable<(string name, Tensor buffer)> named_buffers(
                bool recurse = true, bool include_nonpersistent = true)
            {
                var seen = new HashSet<IntPtr> { IntPtr.Zero };
                foreach (var (own, (buffer, persistent)) in _internal_buffers)
                {
                    if (persistent && seen.Add(HandleOf(buffer))) yield return (own, buffer);
                }
                if (!recurse) yield break;
                foreach (var (child, module) in _internal_submodules)
                {
                    foreach (var (inner, buffer) in module.named_buffers(true, include_nonpersistent))
                    {
                        if (seen.Add(HandleOf(buffer))) yield return ($"{child}.{inner}", buffer);
                    }
                }
            }

            /// <summary>The buffers, each tensor once.</summary>
            public virtual IEnumerable<Tensor> buffers(bool recurse = true, bool include_nonpersistent = true) =>
                named_buffers(recurse, include_nonpersistent).Select(entry => entry.buffer);

            /// <summary>The parameters with their dotted names, each tensor once.</summary>
            /// <param name="recurse">Whether to go into the child modules.</param>
            public virtual IEnumerable<(string name, Parameter parameter)> named_parameters(bool recurse = true)
            {
                var seen = new HashSet<IntPtr> { IntPtr.Zero };
                foreach (var (own, parameter) in _internal_params)
                {
                    if (seen.Add(HandleOf(parameter))) yield return (own, parameter);
                }
                if (!recurse) yield break;
                foreach (var (child, module) in _internal_submodules)
                {
                    foreach (var (inner, parameter) in module.named_parameters(true))
                    {
                        if (seen.Add(HandleOf(parameter))) yield return ($"{child}.{inner}", parameter);
                    }
                }
            }

            /// <summary>The parameters, each tensor once.</summary>
            public virtual IEnumerable<Parameter> parameters(bool recurse = true) =>
                named_parameters(recurse).Select(entry => entry.parameter);

            /// <summary>The immediate child modules with their names.</summary>
            public virtual IEnumerable<(string name, Module module)> named_children() => _internal_submodules;

            /// <summary>The immediate child modules.</summary>
            public virtual IEnumerable<Module> children() => named_children().Select(entry => entry.module);

            /// <summary>All modules below this one with their dotted names, without this one itself.</summary>
            public virtual IEnumerable<(string name, Module module)> named_modules() => DescendantsOf(_internal_submodules);

            /// <summary>All modules below this one, without this one itself.</summary>
            public virtual IEnumerable<Module> modules() => named_modules().Select(entry => entry.module);

            /// <summary>Whether there is a buffer of that dotted name.</summary>
            public virtual bool has_buffer(string target) => get_buffer(target) is not null;

            /// <summary>Whether there is a parameter of that dotted name.</summary>
            public virtual bool has_parameter(string target) => get_parameter(target) is not null;

            /// <summary>The buffer of that dotted name, or null.</summary>
            public virtual Tensor? get_buffer(string target) =>
                _internal_buffers.TryGetValue(target, out var entry)
                    ? entry.Item1
                    : InChild(target, (child, rest) => child.get_buffer(rest));

            /// <summary>The parameter of that dotted name, or null.</summary>
            public virtual Parameter? get_parameter(string target) =>
                _internal_params.TryGetValue(target, out Parameter? parameter)
                    ? parameter
                    : InChild(target, (child, rest) => child.get_parameter(rest));

            /// <summary>Children first, then their descendants: the order of TorchSharp, not depth first.</summary>
            internal static IEnumerable<(string name, Module module)> DescendantsOf(IEnumerable<(string, Module)> children)
            {
                foreach (var child in children) yield return child;
                foreach (var (name, module) in children)
                {
                    foreach (var (inner, descendant) in module.named_modules()) yield return ($"{name}.{inner}", descendant);
                }
            }

            // A disposed tensor is left out of every enumeration, like an absent one.
            internal static IntPtr HandleOf(Tensor tensor) => tensor.IsInvalid ? IntPtr.Zero : tensor.Handle;

            private T? InChild<T>(string target, Func<Module, string, T?> find)
                where T : class
            {
                int dot = target.IndexOf('.', StringComparison.Ordinal);
                if (dot < 0) return null;
                string first = target[..dot];
                foreach (var (name, child) in named_children())
                {
                    if (string.Equals(name, first, StringComparison.Ordinal)) return find(child, target[(dot + 1)..]);
                }
                return null;
            }
        }
    }
}
