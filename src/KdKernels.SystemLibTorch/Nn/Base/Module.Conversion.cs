using System.Reflection;
using TorchSharp.Modules;

namespace TorchSharp;

public static partial class torch
{
    public static partial class nn
    {
        public partial class Module
        {
            /// <summary>Where the module was last moved to.</summary>
            protected DeviceType _deviceType = DeviceType.CPU;

            /// <summary>The index of that device; -1 where devices of its type have none.</summary>
            protected int _deviceIndex = -1;

            /// <summary>Moves to a device and converts to a dtype.</summary>
            protected internal virtual Module _to(Device device, ScalarType dtype, bool non_blocking)
            {
                ThrowUnlessFloating(dtype);
                ThrowUnlessAvailable(device.type);
                if (device.type != DeviceType.CUDA) device = new Device(device.type, -1);
                _toEpilog(device, dtype, non_blocking);
                return this;
            }

            /// <summary>Moves to a device.</summary>
            protected internal virtual Module _to(DeviceType deviceType, int deviceIndex, bool non_blocking)
            {
                if (deviceType != DeviceType.CUDA) deviceIndex = -1;
                ThrowUnlessAvailable(deviceType);
                _toEpilog(deviceType, deviceIndex, non_blocking);
                return this;
            }

            /// <summary>Converts parameters and floating-point buffers to a dtype.</summary>
            protected internal virtual Module _to(ScalarType dtype, bool non_blocking)
            {
                ThrowUnlessFloating(dtype);
                _toEpilog(dtype, non_blocking);
                return this;
            }

            /// <summary>Takes dtype and device from a tensor.</summary>
            public Module _to(Tensor other, bool non_blocking)
            {
                _to(other.dtype, non_blocking);
                return _to(other.device_type, other.device_index, non_blocking);
            }

            /// <summary>Converts the children, then the module's own tensors.</summary>
            protected void _toEpilog(ScalarType dtype, bool non_blocking) => _toEpilog(dtype, null, non_blocking);

            /// <summary>Moves and converts the children, then the module's own tensors.</summary>
            protected void _toEpilog(Device device, ScalarType dtype, bool non_blocking) => _toEpilog(dtype, device, non_blocking);

            /// <summary>Moves the children, then the module's own tensors.</summary>
            protected void _toEpilog(DeviceType deviceType, int deviceIndex, bool non_blocking) =>
                _toEpilog(null, new Device(deviceType, deviceIndex), non_blocking);

            /// <summary>
            /// Replaces every parameter and buffer that changes by a new tensor, in the registry and in the property or field that holds it.
            /// An optimiser made before still holds the old, disposed ones: make it afterwards.
            /// </summary>
            protected virtual void _toEpilog(ScalarType? dtype, Device? device, bool non_blocking)
            {
                foreach (var (_, child) in named_children())
                {
                    if (device is null) child._to(dtype!.Value, non_blocking);
                    else if (dtype is null) child._to(device.type, device.index, non_blocking);
                    else child._to(device, dtype.Value, non_blocking);
                }

                Holders? holders = null;
                foreach (var (own, parameter) in named_parameters(false).ToList())
                {
                    if (!ReplaceParameter(dtype, device, parameter, out Parameter? replacement)) continue;
                    holders ??= new Holders(this);
                    if (holders.SetProperty(own, replacement!)) continue;
                    parameter.Dispose();
                    ConditionallyRegisterParameter(own, replacement);
                    holders.SetField(own, replacement!);
                }
                foreach (var (own, buffer) in named_buffers(false).ToList())
                {
                    if (!ReplaceBuffer(dtype, device, buffer, out Tensor? replacement)) continue;
                    holders ??= new Holders(this);
                    if (holders.SetProperty(own, replacement!)) continue;
                    ConditionallyRegisterBuffer(own, replacement);
                    holders.SetField(own, replacement!);
                }

                if (device is null) return;
                _deviceType = device.type;
                _deviceIndex = device.index;
            }

            /// <summary>A buffer's successor on a device, in a dtype (an integer buffer keeps its own); the buffer is disposed.</summary>
            /// <returns>False when nothing changes.</returns>
            protected static bool ReplaceBuffer(ScalarType? dtype, Device? device, Tensor buffer, out Tensor? result)
            {
                result = null;
                var (targetType, targetDevice) = Target(dtype, device, buffer);
                if (!Differs(buffer, targetType, targetDevice)) return false;
                result = buffer.to(targetType, targetDevice).DetachFromDisposeScope();
                buffer.Dispose();
                return true;
            }

            /// <summary>A parameter's successor on a device, in a dtype, with its gradient; the parameter is not disposed.</summary>
            /// <returns>False when nothing changes.</returns>
            protected static bool ReplaceParameter(ScalarType? dtype, Device? device, Parameter param, out Parameter? p)
            {
                p = null;
                using Tensor? grad = param.grad;
                var (targetType, targetDevice) = Target(dtype, device, param);
                bool changes = Differs(param, targetType, targetDevice)
                    || (grad is not null && Differs(grad, targetType, targetDevice));
                if (!changes) return false;

                // The successor must be a leaf, so the conversion itself is not recorded.
                using var noGrad = no_grad();
                p = new Parameter(param.to(targetType, targetDevice, copy: true), param.requires_grad);
                p.DetachFromDisposeScope();
                if (grad is not null)
                {
                    using Tensor moved = grad.to(targetType, targetDevice);
                    p.grad = moved;
                }
                return true;
            }

            /// <summary>The given device and dtype, or the defaults where they are null.</summary>
            protected static (Device device, ScalarType dtype) GetDefaultDeviceAndType(
                Device? device = null, ScalarType? dtype = null) =>
                (device ?? get_default_device(), dtype ?? get_default_dtype());

            internal T MoveModule<T>(Device? device, ScalarType? dtype)
                where T : Module
            {
                var (targetDevice, targetType) = GetDefaultDeviceAndType(device, dtype);
                return (T)_to(targetDevice, targetType, false);
            }

            private static (ScalarType, Device) Target(ScalarType? dtype, Device? device, Tensor tensor)
            {
                bool converts = dtype is not null && (tensor.is_floating_point() || tensor.is_complex());
                return (converts ? dtype!.Value : tensor.dtype, device ?? tensor.device);
            }

            private static bool Differs(Tensor tensor, ScalarType dtype, Device device) =>
                tensor.dtype != dtype || tensor.device_type != device.type
                || (device.index >= 0 && tensor.device_index != device.index);

            private static void ThrowUnlessFloating(ScalarType dtype)
            {
                if (dtype is ScalarType.Float16 or ScalarType.BFloat16 or ScalarType.Float32 or ScalarType.Float64
                    or ScalarType.ComplexFloat32 or ScalarType.ComplexFloat64)
                {
                    return;
                }
                throw new ArgumentException(
                    $"nn.Module.to only accepts floating point or complex types, but got desired dtype={dtype}", nameof(dtype));
            }

            private static void ThrowUnlessAvailable(DeviceType type)
            {
                if (type == DeviceType.CUDA && !cuda.is_available())
                    throw new InvalidOperationException("CUDA is not available.");
            }

            /// <summary>The properties and fields of a module that hold its components.</summary>
            private sealed class Holders(Module module)
            {
                private readonly Dictionary<string, PropertyInfo> _properties = module.GetType()
                    .GetProperties(BindingFlags.Public | BindingFlags.Instance)
                    .Where(property => property.CanWrite && typeof(Tensor).IsAssignableFrom(property.PropertyType))
                    .DistinctBy(property => property.Name, StringComparer.Ordinal)
                    .ToDictionary(property => property.Name, StringComparer.Ordinal);

                private readonly Dictionary<string, FieldInfo> _fields = GetFieldsRecursive(module.GetType())
                    .DistinctBy(field => field.ComponentName(), StringComparer.Ordinal)
                    .ToDictionary(field => field.ComponentName(), StringComparer.Ordinal);

                internal bool SetProperty(string component, Tensor value)
                {
                    if (!_properties.TryGetValue(component, out PropertyInfo? property)) return false;
                    property.SetValue(module, value);
                    return true;
                }

                internal void SetField(string component, Tensor value)
                {
                    if (_fields.TryGetValue(component, out FieldInfo? field)) field.SetValue(module, value);
                }
            }
        }
    }
}
