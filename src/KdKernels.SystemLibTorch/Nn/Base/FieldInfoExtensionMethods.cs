using System.Reflection;
using TorchSharp.Utils;

namespace TorchSharp;

/// <summary>The name under which a field joins its module.</summary>
public static class FieldInfoExtensionMethods
{
    /// <summary>The name in the field's <see cref="ComponentNameAttribute"/>, else the field's own.</summary>
    public static string ComponentName(this FieldInfo field) =>
        field.GetCustomAttribute<ComponentNameAttribute>()?.Name ?? field.Name;
}
