namespace TorchSharp.Utils;

/// <summary>The name under which <c>RegisterComponents</c> registers a field, instead of the field's own.</summary>
[AttributeUsage(AttributeTargets.All)]
public class ComponentNameAttribute : Attribute
{
    /// <summary>The component's name in <c>state_dict</c>.</summary>
    public string Name { get; set; } = "";
}
