using System.Reflection;
using System.Runtime.CompilerServices;

namespace KdKernels.TorchSharpSurface;

/// <summary>What other assemblies can see of an assembly: its types and members, by reflection.</summary>
internal static class PublicSurface
{
    internal const BindingFlags Declared =
        BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.Instance | BindingFlags.Static | BindingFlags.DeclaredOnly;

    /// <summary>Public types and visible nested types of the namespace TorchSharp and those below it, by name.</summary>
    internal static IEnumerable<Type> Types(Assembly assembly) =>
        assembly.GetTypes()
            .Where(type => IsVisible(type) && type.Namespace is { } space && IsTorchSharp(space) && !IsCompilerMade(type))
            .OrderBy(type => type.FullName, StringComparer.Ordinal);

    internal static bool IsVisible(MethodBase method) => method.IsPublic || method.IsFamily || method.IsFamilyOrAssembly;

    internal static bool IsVisible(FieldInfo field) => field.IsPublic || field.IsFamily || field.IsFamilyOrAssembly;

    /// <summary>Methods and operators, without the accessors of properties and without explicit interface implementations.</summary>
    internal static IEnumerable<MethodInfo> Methods(Type type) =>
        type.GetMethods(Declared).Where(method => IsVisible(method) && !IsAccessor(method) && !IsCompilerMade(method));

    internal static IEnumerable<ConstructorInfo> Constructors(Type type) =>
        type.GetConstructors(Declared).Where(constructor => IsVisible(constructor) && !constructor.IsStatic);

    internal static IEnumerable<PropertyInfo> Properties(Type type) =>
        type.GetProperties(Declared).Where(property => property.GetAccessors(nonPublic: true).Any(IsVisible));

    internal static IEnumerable<FieldInfo> Fields(Type type) =>
        type.GetFields(Declared).Where(field => IsVisible(field) && !field.IsSpecialName);

    /// <summary>A type's name as C# without assemblies, so that the same type of two assemblies has the same name.</summary>
    internal static string NameOf(Type type)
    {
        if (type.IsByRef) return NameOf(type.GetElementType()!) + "&";
        if (type.IsArray) return $"{NameOf(type.GetElementType()!)}[{new string(',', type.GetArrayRank() - 1)}]";
        if (type.IsPointer) return NameOf(type.GetElementType()!) + "*";
        if (type.IsGenericParameter)
            return (type.DeclaringMethod is null ? "!" : "!!") + type.GenericParameterPosition;
        string name = type.IsGenericType ? type.GetGenericTypeDefinition().FullName! : type.FullName!;
        return type.IsGenericType ? $"{name}<{string.Join(", ", type.GetGenericArguments().Select(NameOf))}>" : name;
    }

    internal static string Signature(MethodBase method)
    {
        string arity = method.IsGenericMethod ? $"``{method.GetGenericArguments().Length}" : "";
        string parameters = string.Join(", ", method.GetParameters().Select(Describe));
        string result = method is MethodInfo { ReturnType: { } type } info ? $" : {NameOf(type)}{TupleNames(info.ReturnParameter)}" : "";
        return $"{(method.IsStatic ? "static " : "")}{method.Name}{arity}({parameters}){result}";
    }

    internal static string Signature(PropertyInfo property)
    {
        string index = string.Join(", ", property.GetIndexParameters().Select(Describe));
        bool isStatic = property.GetAccessors(nonPublic: true)[0].IsStatic;
        return $"{(isStatic ? "static " : "")}{property.Name}[{index}] : {NameOf(property.PropertyType)}{TupleNames(property)}";
    }

    internal static string Signature(FieldInfo field)
    {
        string value = field.IsLiteral ? $" = {Convert.ToString(field.GetRawConstantValue())}" : "";
        return $"{(field.IsStatic ? "static " : "")}{field.Name} : {NameOf(field.FieldType)}{TupleNames(field)}{value}";
    }

    private static string Describe(ParameterInfo parameter)
    {
        string direction = parameter.IsOut ? "out " : parameter.IsDefined(typeof(ParamArrayAttribute), false) ? "params " : "";
        string value = parameter.HasDefaultValue ? $" = {Convert.ToString(parameter.RawDefaultValue) ?? "null"}" : "";
        return $"{direction}{NameOf(parameter.ParameterType)}{TupleNames(parameter)} {parameter.Name}{value}";
    }

    private static string TupleNames(ICustomAttributeProvider member)
    {
        var names = member.GetCustomAttributes(typeof(TupleElementNamesAttribute), false).OfType<TupleElementNamesAttribute>();
        return string.Concat(names.Select(attribute => $"({string.Join(", ", attribute.TransformNames.Select(name => name ?? "_"))})"));
    }

    private static bool IsTorchSharp(string space) =>
        string.Equals(space, "TorchSharp", StringComparison.Ordinal) || space.StartsWith("TorchSharp.", StringComparison.Ordinal);

    private static bool IsVisible(Type type) =>
        type.IsPublic
        || ((type.IsNestedPublic || type.IsNestedFamily || type.IsNestedFamORAssem) && IsVisible(type.DeclaringType!));

    private static bool IsCompilerMade(MemberInfo member) => member.IsDefined(typeof(CompilerGeneratedAttribute), false);

    private static bool IsAccessor(MethodInfo method) =>
        method.IsSpecialName && !method.Name.StartsWith("op_", StringComparison.Ordinal);
}
