using System.Reflection;

namespace KdKernels.TorchSharpSurface;

/// <summary>Types as C# writes them, in full.</summary>
internal static class CSharpName
{
    private static readonly Dictionary<Type, string> Keywords = new()
    {
        [typeof(void)] = "void",
        [typeof(bool)] = "bool",
        [typeof(byte)] = "byte",
        [typeof(sbyte)] = "sbyte",
        [typeof(short)] = "short",
        [typeof(int)] = "int",
        [typeof(long)] = "long",
        [typeof(float)] = "float",
        [typeof(double)] = "double",
        [typeof(string)] = "string",
        [typeof(object)] = "object",
    };

    internal static string Of(Type type)
    {
        if (Keywords.TryGetValue(type, out string? keyword)) return keyword;
        if (type.IsByRef) return Of(type.GetElementType()!);
        if (type.IsArray) return $"{Of(type.GetElementType()!)}[]";
        if (type.IsGenericParameter) return type.Name;
        if (Nullable.GetUnderlyingType(type) is { } value) return $"{Of(value)}?";

        var arguments = new Queue<Type>(type.GetGenericArguments());
        var parts = new List<string>();
        foreach (Type part in Nesting(type))
        {
            int inherited = part.DeclaringType?.GetGenericArguments().Length ?? 0;
            int own = part.GetGenericArguments().Length - inherited;
            string name = "@" + part.Name.Split('`')[0];
            if (own > 0)
                name += $"<{string.Join(", ", Enumerable.Range(0, own).Select(_ => Of(arguments.Dequeue())))}>";
            parts.Add(name);
        }
        return $"global::{type.Namespace}.{string.Join(".", parts)}";
    }

    /// <summary>The type parameters' list and their constraints.</summary>
    internal static (string List, string Constraints) Generics(IReadOnlyCollection<Type> parameters)
    {
        if (parameters.Count == 0) return ("", "");
        string constraints = string.Concat(parameters.Select(Constraint));
        return ($"<{string.Join(", ", parameters.Select(parameter => parameter.Name))}>", constraints);
    }

    private static string Constraint(Type parameter)
    {
        GenericParameterAttributes flags = parameter.GenericParameterAttributes;
        bool isStruct = flags.HasFlag(GenericParameterAttributes.NotNullableValueTypeConstraint);
        var parts = new List<string>();
        if (flags.HasFlag(GenericParameterAttributes.ReferenceTypeConstraint)) parts.Add("class");
        if (isStruct) parts.Add(IsUnmanaged(parameter) ? "unmanaged" : "struct");
        parts.AddRange(parameter.GetGenericParameterConstraints().Where(type => type != typeof(ValueType)).Select(Of));
        if (flags.HasFlag(GenericParameterAttributes.DefaultConstructorConstraint) && !isStruct) parts.Add("new()");
        return parts.Count == 0 ? "" : $" where {parameter.Name} : {string.Join(", ", parts)}";
    }

    private static bool IsUnmanaged(Type parameter) =>
        parameter.GetCustomAttributesData().Any(attribute =>
            string.Equals(attribute.AttributeType.Name, "IsUnmanagedAttribute", StringComparison.Ordinal));

    private static List<Type> Nesting(Type type)
    {
        var chain = new List<Type>();
        for (Type? current = type; current is not null; current = current.DeclaringType) chain.Insert(0, current);
        return chain;
    }
}
