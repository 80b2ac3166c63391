namespace TorchSharp;

public static partial class torch
{
    public static partial class nn
    {
        public partial class Module
        {
            /// <summary>
            /// The parameters, then the persistent buffers, under their dotted names. The tensors are the module's own, not copies.
            /// </summary>
            /// <param name="destination">A dictionary to add to; keys that it has already are left alone.</param>
            /// <param name="prefix">Put before every key, with a dot.</param>
            public virtual Dictionary<string, Tensor> state_dict(
                Dictionary<string, Tensor>? destination = null, string? prefix = null)
            {
                destination ??= new Dictionary<string, Tensor>(StringComparer.Ordinal);
                foreach (var (key, parameter) in named_parameters()) destination.TryAdd(Prefixed(prefix, key), parameter);
                foreach (var (key, buffer) in named_buffers(include_nonpersistent: false))
                    destination.TryAdd(Prefixed(prefix, key), buffer);

                // A child that overrides state_dict may have entries that are neither parameters nor buffers.
                foreach (var (key, child) in _internal_submodules) child.state_dict(destination, Prefixed(prefix, key));
                return destination;
            }

            /// <summary>Copies values into the module's parameters and buffers.</summary>
            /// <param name="source">Values by dotted name.</param>
            /// <param name="strict">Whether the keys of source must be exactly those of <see cref="state_dict"/>.</param>
            /// <param name="skip">Keys to ignore on both sides.</param>
            /// <returns>The keys that source lacks, and those that the module lacks.</returns>
            /// <exception cref="InvalidOperationException">The keys differ and <paramref name="strict"/> is true; nothing is copied.</exception>
            public virtual (IList<string> missing_keys, IList<string> unexpected_keyes) load_state_dict(
                Dictionary<string, Tensor> source, bool strict = true, IList<string>? skip = null)
            {
                ArgumentNullException.ThrowIfNull(source);
                Dictionary<string, Tensor> destination = state_dict();
                bool Considered(string key) => skip is null || !skip.Contains(key);
                List<string> unexpected = source.Keys.Where(key => Considered(key) && !destination.ContainsKey(key)).ToList();
                List<string> missing = destination.Keys.Where(key => Considered(key) && !source.ContainsKey(key)).ToList();
                if (strict && (missing.Count > 0 || unexpected.Count > 0))
                {
                    throw new InvalidOperationException(
                        $"The loaded state_dict is not identical to the target dictionary.{Difference(missing, unexpected)}");
                }

                // Copying into a leaf that requires a gradient is only allowed where nothing is recorded.
                using var noGrad = no_grad();
                foreach (var (key, value) in source)
                {
                    if (Considered(key) && destination.TryGetValue(key, out Tensor? target)) target.copy_(value);
                }
                return (missing, unexpected);
            }

            private static string Prefixed(string? prefix, string key) => string.IsNullOrEmpty(prefix) ? key : $"{prefix}.{key}";

            private static string Difference(IReadOnlyCollection<string> missing, IReadOnlyCollection<string> unexpected) =>
                Named(" Missing", missing) + Named(" Unexpected", unexpected);

            private static string Named(string what, IReadOnlyCollection<string> keys)
            {
                const int Shown = 10;
                if (keys.Count == 0) return "";
                string tail = keys.Count > Shown ? $" and {keys.Count - Shown} more" : "";
                return $"{what}: '{string.Join("', '", keys.Take(Shown))}'{tail}.";
            }
        }
    }
}
