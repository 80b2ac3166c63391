using System.Reflection;
using TorchSharp.Modules;

namespace TorchSharp;

public static partial class torch
{
    public static partial class nn
    {
        public partial class Module
        {
            private const BindingFlags InstanceFields = BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.Instance;

            /// <summary>
            /// Registers every field of the object that holds a module, a parameter or a tensor (a buffer), under the field's name or
            /// its <see cref="Utils.ComponentNameAttribute"/>. A constructor calls it last; a second call does nothing.
            /// </summary>
            protected virtual void RegisterComponents()
            {
                if (_areComponentsRegistered) return;
                foreach (FieldInfo field in GetFieldsRecursive(GetType()))
                {
                    string component = field.ComponentName();
                    if (IsRegistered(component)) continue;
                    switch (field.GetValue(this))
                    {
                        case Module module: register_module(component, module); break;
                        case Parameter parameter: register_parameter(component, parameter); break;
                        case Tensor tensor: register_buffer(component, tensor); break;
                    }
                }
                _areComponentsRegistered = true;
            }

            /// <summary>Adds a buffer: state that is saved and moved with the module but not trained.</summary>
            /// <param name="name">Its name in <c>state_dict</c>.</param>
            /// <param name="tensor">The buffer.</param>
            /// <param name="persistent">
            /// Whether it belongs to <c>state_dict</c>. As in TorchSharp 0.107, <see cref="named_buffers"/> leaves a buffer out that does not,
            /// and <c>to</c> does not move it.
            /// </param>
            /// <exception cref="ArgumentNullException">The tensor is null or disposed.</exception>
            /// <exception cref="InvalidOperationException">The name is taken.</exception>
            public virtual void register_buffer(string name, Tensor tensor, bool persistent = true)
            {
                if (tensor is null || tensor.IsInvalid)
                    throw new ArgumentNullException(nameof(tensor), $"Buffer '{name}': expected a tensor but got null or a disposed one.");
                if (_internal_buffers.ContainsKey(name))
                    throw new InvalidOperationException($"Tensor {name} is already registered.");
                _internal_buffers.Add(name, (tensor, persistent));
            }

            /// <summary>Adds a parameter.</summary>
            /// <exception cref="ArgumentNullException">The parameter is null or disposed.</exception>
            /// <exception cref="InvalidOperationException">The name is taken.</exception>
            public virtual void register_parameter(string name, Parameter param)
            {
                if (param is null || param.IsInvalid)
                    throw new ArgumentNullException(nameof(param), $"Parameter '{name}': expected a tensor but got null or a disposed one.");
                if (_internal_params.ContainsKey(name))
                    throw new InvalidOperationException($"Parameter {name} is already registered.");
                _internal_params.Add(name, param);
            }

            /// <summary>Adds a child module; null (or a disposed module) removes the child of that name.</summary>
            /// <exception cref="ArgumentException">The name is empty or contains a dot.</exception>
            /// <exception cref="InvalidOperationException">The name is taken.</exception>
            public virtual void register_module(string name, Module submodule)
            {
                if (submodule is null || submodule._isDisposed)
                {
                    _internal_submodules.Remove(name);
                    return;
                }
                if (string.IsNullOrEmpty(name)) throw new ArgumentException("module name can't be empty string \"\"", nameof(name));
                if (name.Contains('.', StringComparison.Ordinal))
                    throw new ArgumentException($"module name can't contain \".\", got: {name}", nameof(name));
                if (_internal_submodules.ContainsKey(name))
                    throw new InvalidOperationException($"Sub-module {name} is already registered.");
                submodule.RegisterComponents();
                _internal_submodules.Add(name, submodule);
            }

            /// <summary>The same as <see cref="register_module"/>.</summary>
            public void add_module(string name, Module module) => register_module(name, module);

            /// <summary>Sets or replaces a parameter; null removes it.</summary>
            protected void ConditionallyRegisterParameter(string name, Tensor value) =>
                ConditionallyRegisterParameter(name, value as Parameter);

            /// <summary>Sets or replaces a parameter; null removes it.</summary>
            protected void ConditionallyRegisterParameter(string name, Parameter? value)
            {
                if (value is null)
                    _internal_params.Remove(name);
                else
                    _internal_params[name] = value;
            }

            /// <summary>Sets or replaces a buffer; null removes it.</summary>
            protected void ConditionallyRegisterBuffer(string name, Tensor? value, bool persistent = true)
            {
                if (value is null)
                    _internal_buffers.Remove(name);
                else
                    _internal_buffers[name] = (value, persistent);
            }

            /// <summary>Forgets all child modules.</summary>
            protected void ClearModules() => _internal_submodules.Clear();

            /// <summary>What the setter of a parameter's property does: the old one is freed, the new one outlives every scope.</summary>
            private protected void SetParameter(ref Parameter? field, string component, Parameter? value)
            {
                if (ReferenceEquals(field, value)) return;
                field?.Dispose();
                field = value;
                value?.DetachFromDisposeScope();
                ConditionallyRegisterParameter(component, value);
            }

            /// <summary>What the setter of a buffer's property does.</summary>
            private protected void SetBuffer(ref Tensor? field, string component, Tensor? value)
            {
                if (ReferenceEquals(field, value)) return;
                field?.Dispose();
                field = value;
                value?.DetachFromDisposeScope();
                ConditionallyRegisterBuffer(component, value);
            }

            private bool IsRegistered(string component) =>
                _internal_submodules.ContainsKey(component)
                || _internal_params.ContainsKey(component)
                || _internal_buffers.ContainsKey(component);

            /// <summary>The fields of a type and of its bases; a private field of a base is not among the type's own.</summary>
            private static IEnumerable<FieldInfo> GetFieldsRecursive(Type type)
            {
                var seen = new HashSet<string>(StringComparer.Ordinal);
                for (Type? current = type; current is not null && current != typeof(object); current = current.BaseType)
                {
                    foreach (FieldInfo field in current.GetFields(InstanceFields))
                    {
                        if (seen.Add(field.Name)) yield return field;
                    }
                }
            }
        }
    }
}
